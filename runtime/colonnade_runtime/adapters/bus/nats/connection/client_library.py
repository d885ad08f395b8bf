"""The client library, made to bear what a server or a publisher may send.

nats-py ends its reading, and looks connected for half a minute more, when it meets bytes that it
did not expect: the headers of a message, which whoever published it has chosen, or a line of a
server that is none. Where a reconnection meets such a server, it gives up for ever.
"""

import asyncio

import nats.errors
from nats.aio.client import Client

from colonnade_runtime.observability.failures import failure_in_words

_LINE_END = b"\r\n"


class TolerantClient(Client):
    """A client that reads on after headers of any form, and reconnects after anything else."""

    async def _process_connect_init(self) -> None:
        try:
            await super()._process_connect_init()
            if not isinstance(self._max_payload, int):
                raise nats.errors.ProtocolError
        except (OSError, TimeoutError, nats.errors.Error):
            raise
        except Exception as error:
            why = f"what answers is no NATS server ({failure_in_words(error)})"
            raise nats.errors.Error(why) from error

    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except Exception:
            # What can be read of them; the server's own come after those of the publisher.
            _, _, lines = (headers or b"").partition(_LINE_END)
            return self._parse_header_lines(lines) or None

    async def _read_loop(self) -> None:
        await super()._read_loop()
        task = asyncio.current_task()
        if self.is_connected and task is not None and not task.cancelling():
            # It ended with an error of no kind that it knows: nobody reads any more.
            await self._process_op_err(nats.errors.ProtocolError())
