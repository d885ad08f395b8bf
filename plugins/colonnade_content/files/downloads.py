"""Downloads of blobs, whole or in ranges."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from colonnade.operations import Download
from colonnade.services import ServiceContext
from colonnade_content.api import Conditions, ContentHead
from colonnade_content.files.ranges import evaluate


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Blob with the headers of its answers; `size` is in bytes."""

    key: str
    size: int
    sha256: str
    modified: datetime
    headers: Mapping[str, str]


async def download(
    ctx: ServiceContext, tenant: str, blob: StoredBlob, asked: Conditions
) -> Download:
    """Answer `asked` with a head and the bytes of `blob` that fit it.

    Raises:
        BlobNotFound: the bytes are gone.
    """
    conditions = {
        name.replace("_", "-"): value for name, value in asked.model_dump(exclude_none=True).items()
    }
    plan = evaluate(conditions, blob.size, f'"{blob.sha256}"', blob.modified)
    headers = dict(plan.headers) | {"Cache-Control": "private, no-cache"}
    if not plan.length:
        if plan.status == 200:
            headers |= blob.headers
        return Download(ContentHead(status=plan.status, headers=headers), _nothing())
    chunks = await ctx.blobs.open(tenant, blob.key, start=plan.start, stop=plan.stop)
    return Download(ContentHead(status=plan.status, headers=headers | dict(blob.headers)), chunks)


async def _nothing() -> AsyncIterator[bytes]:
    empty: tuple[bytes, ...] = ()
    for chunk in empty:
        yield chunk
