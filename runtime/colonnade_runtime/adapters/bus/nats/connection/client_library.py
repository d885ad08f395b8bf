"""The client library, made to bear what a server or a publisher may send, and to be quick.

nats-py ends its reading, and looks connected for half a minute more, when it meets bytes that it
did not expect: the headers of a message, which whoever published it has chosen, or a line of a
server that is none. Where a reconnection meets such a server, it gives up for ever.
"""

import asyncio
from collections.abc import Callable, Mapping

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from colonnade_runtime.observability.failures import failure_in_words

CONTEXT_HEADER = "Colonnade-Context"

QUICK_BYTES = 1024 * 1024
"""Bytes that may wait to be written before whoever sends waits as well."""

_LINE_END = b"\r\n"
_HEADERS_END = b"\r\n\r\n"
_VERSION = "NATS/1.0\r\n"
_CONTEXT_ALONE = f"{_VERSION}{CONTEXT_HEADER}: ".encode()

Take = Callable[[Msg], bool]
"""Takes a message at once, or says that it has to wait its turn."""


class TolerantClient(Client):
    """A client that reads on after headers of any form, and reconnects after anything else."""

    def __init__(self) -> None:
        super().__init__()
        self.direct: dict[int, Take] = {}
        """Subscription → what takes its messages, without the library's queue, its task and a turn
        of the loop between."""

    def send(
        self, subject: str, payload: bytes, reply: str, headers: Mapping[str, str] | None = None
    ) -> bool:
        """Send without waiting; False when `publish` has to, and nothing was sent.

        Subjects and names of headers are ours, and checked by nobody.
        """
        waiting, flusher = self._flush_queue, self._flusher_task
        if not self.is_connected or self.is_draining_pubs or waiting is None:
            return False
        if flusher is None or flusher.done() or self._pending_data_size > QUICK_BYTES:
            return False
        command = _command(subject, payload, reply, headers)
        if command is None:
            return False
        self.stats["out_msgs"] += 1
        self.stats["out_bytes"] += len(payload)
        self._pending.append(command)
        self._pending_data_size += len(command)
        if waiting.empty():
            # Written in the next turn of the loop, with all that is sent until then.
            waiting.put_nowait(asyncio.get_running_loop().create_future())
        return True

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        take = self.direct.get(sid)
        if take is not None and sid in self._subs:
            known = await self._process_headers(headers) if headers else None
            if take(self._build_message(sid, subject, reply, data, known)):
                self.stats["in_msgs"] += 1
                self.stats["in_bytes"] += len(data)
                return
        await super()._process_msg(sid, subject, reply, data, headers)

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
        if headers is not None and headers.startswith(_CONTEXT_ALONE):
            value = headers[len(_CONTEXT_ALONE) : -len(_HEADERS_END)]
            if headers.endswith(_HEADERS_END) and _LINE_END not in value:
                # As every question has it; looking for others takes as long as answering some.
                return {CONTEXT_HEADER: value.strip().decode("utf-8", "replace")}
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


def _command(
    subject: str, payload: bytes, reply: str, headers: Mapping[str, str] | None
) -> bytes | None:
    """The line and the body of one message; nothing when the library has to mend a header."""
    if not headers:
        return b"PUB %b %b %d\r\n%b\r\n" % (
            subject.encode(),
            reply.encode(),
            len(payload),
            payload,
        )
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        return None
    head = f"{_VERSION}{lines}\r\n".encode()
    line = f"HPUB {subject} {reply} {len(head)} {len(head) + len(payload)}\r\n".encode()
    return b"".join((line, head, payload, _LINE_END))
