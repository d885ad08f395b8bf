"""An answer on its way to the client: its beginning is there before anything of it is sent.

What breaks off before can still become a problem document, or be asked for again; what breaks off
later has to be cut off, so that no client takes it for a whole one.
"""

import asyncio

import aiohttp
from litestar.types import Send

from colonnade_runtime.gateway.body import BUFFERED
from colonnade_runtime.gateway.headers import to_client

HOLD_SECONDS = 0.05
"""Seconds to wait for the beginning of an answer of unknown length: it may be a live feed."""


class UpstreamResponse:
    """One answer of a process."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._beginning: list[bytes] = []
        self._whole = False

    async def begin(self) -> None:
        """Read a small answer whole, and of others what there is soon.

        Raises:
            aiohttp.ClientError: it breaks off, or is no HTTP.
        """
        length = self._response.content_length
        if length is not None:
            if length <= BUFFERED:
                self._beginning = [await self._response.read()]
                self._whole = True
            return
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                self._whole = await self._gather()
        except TimeoutError:
            return

    async def send_on(self, send: Send) -> None:
        """Send it, no faster than the client reads."""
        status, headers = self._response.status, to_client(self._response.raw_headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        more = not self._whole
        beginning = b"".join(self._beginning)
        if beginning or not more:
            await send({"type": "http.response.body", "body": beginning, "more_body": more})
        if more:
            async for chunk in self._response.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _gather(self) -> bool:
        """True when the answer ended within the part that is kept."""
        size = 0
        async for chunk in self._response.content.iter_any():
            self._beginning.append(chunk)
            size += len(chunk)
            if size > BUFFERED:
                return False
        return True
