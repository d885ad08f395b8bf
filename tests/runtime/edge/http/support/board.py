"""A service with pages: notices that anybody reads, and one that strangers may not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html import escape
from types import ModuleType

from litestar import Controller
from litestar.handlers import HTTPRouteHandler
from small_site import make_plugin

from colonnade.errors import NotFound, TooManyRequests
from colonnade.files import FileHead
from colonnade.http import download, get
from colonnade.messages import Message, Request
from colonnade.operations import Call, Download, Stream, handles, operation
from colonnade.pages import HtmlPage, page
from colonnade.services import ServiceContext

POLICY = """\
package colonnade.services.board
actions contains action if some action in {"notice.read", "notice.audit"}
grants contains [] if input.action == "notice.read"
grants contains [] if {
	input.action == "notice.audit"
	input.principal.kind == "user"
}
"""


class Notice(Message):
    academy: str
    text: str
    colour: str = "black"


@operation("board", action="notice.read", idempotent=True)
class ReadNotice(Request[Notice]):
    """Read a notice."""

    number: int
    colour: str = "black"


@operation("board", action="notice.audit", idempotent=True)
class AuditNotice(Request[Notice]):
    """Read a notice with who wrote it."""

    number: int


@operation("board", action="notice.read", stream=Stream.DOWNLOAD)
class PrintNotice(Request[FileHead]):
    """Print a notice."""

    number: int


class Board:
    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ReadNotice)
    async def read(self, request: ReadNotice, call: Call) -> Notice:
        if request.number == 0:
            raise NotFound("There is no notice <b>0</b>.")
        if request.number == 429:
            raise TooManyRequests("Later.", details={"retry_after": 7})
        text = f"<script>{request.number}</script>"
        return Notice(academy=self._ctx.tenant().name, text=text, colour=request.colour)

    @handles(AuditNotice)
    async def audit(self, request: AuditNotice, call: Call) -> Notice:
        return Notice(academy=call.tenant, text="by nobody")

    @handles(PrintNotice)
    async def print_(self, request: PrintNotice, call: Call) -> Download:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"%PDF-"

        return Download(FileHead(media_type="application/pdf", inline=True), chunks())


def notice_page(notice: Notice) -> HtmlPage:
    body = f"<h1>{escape(notice.academy)}</h1><p>{escape(notice.text)}</p>"
    return HtmlPage("A <notice>", body, "en", f"h1{{color:{notice.colour}}}")


class NoticeController(Controller):
    path = "/notices"
    read = get("/{number:int}", ReadNotice)


class NoticePages(Controller):
    path = "/notices"
    show = page("/{number:int}", ReadNotice, notice_page)
    audit = page("/{number:int}/audit", AuditNotice, notice_page)
    print_ = download("/{number:int}/pdf", PrintNotice)


@asynccontextmanager
async def _service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
    yield [Board(ctx)]


def board_plugin(*pages: type[Controller] | HTTPRouteHandler, name: str = "board") -> ModuleType:
    """The service as a plugin, with other pages than its own if some are given."""
    return make_plugin(
        name,
        name,
        create_service=_service,
        operations=lambda: [ReadNotice, AuditNotice, PrintNotice],
        http_routes=lambda: [NoticeController],
        pages=lambda: pages or [NoticePages],
        policies=lambda: {f"{name}.rego": POLICY},
    )
