"""The API's description, and `/docs`: an interactive page of it that needs no other server."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from colonnade.errors import MethodNotAllowed
from colonnade_runtime.edge.http.hot_reads import Response

OPENAPI_PATH = "/openapi.json"
PAGE_PATH = "/docs"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The page may load what is served here, ask this API, and nothing else."""

_PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Colonnade API</title>
<link rel="stylesheet" href="{PAGE_PATH}/swagger-ui.css">
<link rel="icon" type="image/png" href="{PAGE_PATH}/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{PAGE_PATH}/swagger-ui-bundle.js"></script>
<script src="{PAGE_PATH}/start.js"></script>
</body>
</html>
"""

_START = f"""\
window.addEventListener("load", () => {{
  SwaggerUIBundle({{
    url: "{OPENAPI_PATH}",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
  }});
}});
"""

_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


class ApiDocuments:
    """Path → the answer. Each is made when it is first asked for: most processes never are, and
    the description of all operations is a tenth of a start's work."""

    def __init__(self, describe: Callable[[], bytes] | None) -> None:
        """`describe` makes the description; without it nothing is served."""
        self._makers = {} if describe is None else _makers(describe)
        self._made: dict[str, Response] = {}
        self._making = asyncio.Lock()

    async def get(self, path: str) -> Response | None:
        """The document at `path`, if there is one."""
        maker = self._makers.get(path)
        if maker is None:
            return None
        if path not in self._made:
            async with self._making:
                if path not in self._made:
                    self._made[path] = await asyncio.to_thread(maker)
        return self._made[path]


def _makers(describe: Callable[[], bytes]) -> dict[str, Callable[[], Response]]:
    makers: dict[str, Callable[[], Response]] = {
        OPENAPI_PATH: lambda: _response(describe(), "application/json", {}),
        PAGE_PATH: lambda: _response(
            _PAGE.encode(),
            "text/html; charset=utf-8",
            {"content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"},
        ),
        f"{PAGE_PATH}/start.js": lambda: _response(
            _START.encode(), "text/javascript; charset=utf-8", {}
        ),
    }
    kept = {"cache-control": "public, max-age=86400"}
    for name, media_type in _ASSETS.items():
        makers[f"{PAGE_PATH}/{name}"] = lambda name=name, media_type=media_type: _response(  # type: ignore[misc]
            _asset(name), media_type, kept
        )
    return makers


def _asset(name: str) -> bytes:
    from swagger_ui_bundle import swagger_ui_path

    return (Path(swagger_ui_path) / name).read_bytes()


def _response(body: bytes, media_type: str, more: Mapping[str, str]) -> Response:
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    headers = {
        "content-type": media_type,
        "content-length": str(len(body)),
        "etag": f'"{tag}"',
        **more,
    }
    return Response(200, [(name.encode(), value.encode()) for name, value in headers.items()], body)


def asked_for(document: Response, method: str, headers: Mapping[bytes, bytes]) -> Response:
    """Select the part of a document that answers a request: all, its head, or 304.

    Raises:
        MethodNotAllowed: when it is not asked for with GET or HEAD.
    """
    if method == "OPTIONS":
        return Response(204, [(b"allow", b"GET, HEAD, OPTIONS")], b"")
    if method not in ("GET", "HEAD"):
        allow = {"Allow": "GET, HEAD, OPTIONS"}
        raise MethodNotAllowed("This document can only be read.", headers=allow)
    tag = next(value for name, value in document.headers if name == b"etag")
    if headers.get(b"if-none-match") == tag:
        kept = [pair for pair in document.headers if pair[0] not in _OF_A_BODY]
        return Response(304, kept, b"")
    return document if method == "GET" else document._replace(body=b"")


_OF_A_BODY = frozenset({b"content-length", b"content-type"})
