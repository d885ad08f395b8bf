"""Answering with the bytes of a blob, or with the range of them that was asked for."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from colonnade.operations import Download
from colonnade.services import ServiceContext
from colonnade_content.api import Conditions, ContentHead
from colonnade_content.files.ranges import evaluate


@dataclass(frozen=True, slots=True)
class Served:
    """A blob and how it is served; `size` is in bytes."""

    key: str
    size: int
    sha256: str
    modified: datetime
    headers: Mapping[str, str]


async def serve(ctx: ServiceContext, tenant: str, served: Served, asked: Conditions) -> Download:
    """The head and the bytes of `served` that fit what was `asked`.

    Raises:
        BlobNotFound: the bytes are gone.
    """
    conditions = {
        name.replace("_", "-"): value for name, value in asked.model_dump(exclude_none=True).items()
    }
    plan = evaluate(conditions, served.size, f'"{served.sha256}"', served.modified)
    headers = dict(plan.headers) | {"Cache-Control": "private, no-cache"}
    if not plan.length:
        if plan.status == 200:
            headers |= served.headers
        return Download(ContentHead(status=plan.status, headers=headers), _nothing())
    chunks = await ctx.blobs.open(tenant, served.key, start=plan.start, stop=plan.stop)
    return Download(ContentHead(status=plan.status, headers=headers | dict(served.headers)), chunks)


async def _nothing() -> AsyncIterator[bytes]:
    empty: tuple[bytes, ...] = ()
    for chunk in empty:
        yield chunk
