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
<link rel="stylesheet" href="{PAGE_PATH}/page.css">
<link rel="icon" type="image/png" href="{PAGE_PATH}/favicon-32x32.png">
</head>
<body>
<form id="academy">
<label for="tenant">Academy (<code>X-Tenant</code>)</label>
<input id="tenant" name="tenant" autocomplete="off" autocapitalize="none" spellcheck="false"
 placeholder="acme" pattern="[a-z][a-z0-9\\-]+" maxlength="40">
<p>Sent with every request you try here. Leave it empty on the host of an academy.</p>
</form>
<div id="swagger-ui"></div>
<script src="{PAGE_PATH}/swagger-ui-bundle.js"></script>
<script src="{PAGE_PATH}/start.js"></script>
</body>
</html>
"""

_START = f"""\
const remembered = "colonnade-tenant";

window.addEventListener("load", () => {{
  const tenant = document.getElementById("tenant");
  tenant.value = sessionStorage.getItem(remembered) ?? "";
  tenant.addEventListener("input", () => sessionStorage.setItem(remembered, tenant.value.trim()));
  document.getElementById("academy").addEventListener("submit", (event) => event.preventDefault());
  SwaggerUIBundle({{
    url: "{OPENAPI_PATH}",
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
    requestInterceptor: (request) => {{
      const named = Object.keys(request.headers).some((name) => name.toLowerCase() === "x-tenant");
      if (tenant.value.trim() && !named) request.headers["X-Tenant"] = tenant.value.trim();
      return request;
    }},
  }});
}});
"""

_STYLE = """\
#academy { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center;
  max-width: 1460px; margin: 0 auto; padding: 1rem 1.25rem 0; font: 1rem/1.5 sans-serif; }
#academy input { font: inherit; padding: 0.375rem 0.5rem; min-width: 0; flex: 0 1 16rem; }
#academy p { margin: 0; flex-basis: 100%; color: #3b4151; font-size: 0.875rem; }
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
        OPENAPI_PATH: lambda: complete_response(describe(), "application/json", {}),
        PAGE_PATH: lambda: complete_response(
            _PAGE.encode(),
            "text/html; charset=utf-8",
            {"content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"},
        ),
        f"{PAGE_PATH}/start.js": lambda: complete_response(
            _START.encode(), "text/javascript; charset=utf-8", {}
        ),
    }
    makers[f"{PAGE_PATH}/page.css"] = lambda: complete_response(
        _STYLE.encode(), "text/css; charset=utf-8", {}
    )
    kept = {"cache-control": "public, max-age=86400"}
    for name, media_type in _ASSETS.items():
        makers[f"{PAGE_PATH}/{name}"] = lambda name=name, media_type=media_type: complete_response(  # type: ignore[misc]
            _asset(name), media_type, kept
        )
    return makers


def _asset(name: str) -> bytes:
    from swagger_ui_bundle import swagger_ui_path

    return (Path(swagger_ui_path) / name).read_bytes()


def complete_response(body: bytes, media_type: str, more: Mapping[str, str]) -> Response:
    """The answer with a document that is whole, and an `ETag` of what is in it."""
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
