"""Operations answered within this process, with the deadline that a broker would keep."""

import asyncio

from colonnade.bus import AskHandler, Header
from colonnade.errors import DeadlineExceeded


async def local_answer(
    subject: str, handler: AskHandler, payload: bytes, header: Header, seconds: float
) -> bytes:
    """Answer of `handler`, which serves `subject` here.

    Raises:
        DeadlineExceeded: no answer within `seconds`; it may have happened.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await handler(payload, header)
    except TimeoutError:
        # A timeout of the handler's own is its error, not the asker's deadline.
        if not limit.expired():
            raise
        raise DeadlineExceeded(
            f"'{subject}' did not answer within {seconds:.3g} seconds; it may have happened."
        ) from None
