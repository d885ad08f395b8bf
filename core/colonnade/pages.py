"""Pages for people, outside `/api/v1`: HTML made of what an operation answers.

    pages = [page("/certificates/{code:str}", ReadCertificate, certificate_page)]

A browser that follows a link brings no token, so a page is asked for by a stranger: the policy says
whether its operation answers one. The host says for which academy.
"""

import base64
import hashlib
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from colonnade.errors import LONGEST_SENTENCE, ColonnadeError, in_short
from colonnade.http import BINDING, AnyRequest, Binding, edge_of, read_request
from colonnade.messages import Message, Request
from colonnade.operations import operation_of

ResponseT = TypeVar("ResponseT", bound=Message)

HTML = "text/html"


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """Page of HTML. `title` and `language` (RFC 5646) are text; `body` is HTML in which whoever
    made it has escaped what others wrote. `style` is a sheet of CSS, the only one that applies: a
    page runs no script, and loads pictures of its own host alone."""

    title: str
    body: str
    language: str = "en"
    style: str = ""

    def document(self) -> str:
        """The whole document, which fits any width."""
        return (
            f'<!doctype html><html lang="{html.escape(self.language)}"><head>'
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(self.title)}</title><style>{self._sheet()}</style></head>"
            f"<body>{self.body}</body></html>"
        )

    def headers(self) -> dict[str, str]:
        """Security headers: nothing runs, nothing is framed, no address is told to others."""
        digest = base64.b64encode(hashlib.sha256(self._sheet().encode()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        return {
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    def _sheet(self) -> str:
        # What a value in it says must not end the sheet; in CSS the backslash changes nothing.
        return self.style.replace("</", r"<\/")


def page(
    path: str, request: type[Request[ResponseT]], render: Callable[[ResponseT], HtmlPage]
) -> HTTPRouteHandler:
    """Read a page: what the operation takes comes from the path and the query, and `render` makes
    the page of its answer, at once. A browser gets a refusal as a page, too."""
    model, binding = request, Binding("GET", operation_of(request), 200, answer=HTML, page=True)

    async def handle(self: Any, request: AnyRequest) -> Response[Any]:
        try:
            message = await read_request(request, model, has_body=False)
            answer = await edge_of(request).ask(message)
        except ColonnadeError as error:
            if HTML not in request.headers.get("accept", ""):
                raise
            return _response(_refusal(error), error.status, _headers_of(error))
        return _response(render(answer), 200)

    handle.__name__ = handle.__qualname__ = f"page_{model.__name__}"
    handler = HTTPRouteHandler(path, http_method="GET", status_code=200, opt={BINDING: binding})
    return handler(handle)


def _response(shown: HtmlPage, status: int, more: dict[str, str] | None = None) -> Response[Any]:
    headers = {**(more or {}), **shown.headers()}
    return Response(shown.document(), status_code=status, media_type=HTML, headers=headers)


def _headers_of(error: ColonnadeError) -> dict[str, str]:
    later = error.details.get("retry_after")
    return error.headers | ({} if later is None else {"Retry-After": str(later)})


def _refusal(error: ColonnadeError) -> HtmlPage:
    said = html.escape(in_short(error.message, LONGEST_SENTENCE))
    return HtmlPage(error.title, f"<h1>{html.escape(error.title)}</h1><p>{said}</p>")
