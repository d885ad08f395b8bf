"""A service that keeps one file a name, by `upload` and `download`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Annotated

from litestar import Controller
from pydantic import StringConstraints
from small_site import make_plugin

from colonnade.errors import NotFound
from colonnade.files import FileHead
from colonnade.http import download, upload
from colonnade.messages import Message, Request
from colonnade.operations import Call, Download, Stream, handles, operation
from colonnade.services import ServiceContext

POLICY = """\
package colonnade.services.locker
actions contains action if some action in {"locker.read", "locker.write"}
grants contains [] if input.action == "locker.read"
grants contains [] if input.action == "locker.write"
"""
Name = Annotated[str, StringConstraints(max_length=20)]


class Kept(Message):
    name: str
    size: int
    declared_type: str


@operation("locker", action="locker.write", stream=Stream.UPLOAD)
class Keep(Request[Kept]):
    """Keep a file."""

    name: Name
    declared_type: str = ""
    shelf: int = 1


@operation("locker", action="locker.read", stream=Stream.DOWNLOAD)
class Fetch(Request[FileHead]):
    """Fetch a file."""

    name: Name
    media_type: str = "text/plain"


class Locker:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.closed = 0

    @handles(Keep)
    async def keep(self, request: Keep, call: Call) -> Kept:
        assert call.incoming is not None
        content = b"".join([chunk async for chunk in call.incoming])
        self.files[f"{request.shelf}/{request.name}"] = content
        return Kept(name=request.name, size=len(content), declared_type=request.declared_type)

    @handles(Fetch)
    async def fetch(self, request: Fetch, call: Call) -> Download:
        content = self.files.get(f"1/{request.name}")
        if content is None:
            raise NotFound("There is no such file.")
        head = FileHead(
            media_type=request.media_type,
            name=request.name,
            size=len(content),
            tag=str(len(content)),
            inline=True,
        )
        return Download(head, self._chunks(content))

    async def _chunks(self, content: bytes) -> AsyncIterator[bytes]:
        try:
            yield content[:3]
            yield content[3:]
        finally:
            self.closed += 1


class LockerController(Controller):
    path = "/locker"
    keep = upload("/{name:str}", Keep, maximum_body=1000, media_types=("text/plain", "image/png"))
    fetch = download("/{name:str}", Fetch)


class FormController(Controller):
    path = "/forms"
    keep = upload(
        "/", Keep, maximum_body=None, media_types=("multipart/form-data",), location="/{name}"
    )


def locker_plugin(locker: Locker) -> ModuleType:
    """The service as a plugin."""

    @asynccontextmanager
    async def service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        yield [locker]

    return make_plugin(
        "locker",
        "locker",
        create_service=service,
        operations=lambda: [Keep, Fetch],
        http_routes=lambda: [LockerController, FormController],
        policies=lambda: {"locker.rego": POLICY},
    )
