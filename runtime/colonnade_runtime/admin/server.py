"""The admin server: takes calls from the socket, one at a time per connection."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec

from colonnade.background_tasks import cancel_tasks
from colonnade.errors import (
    ColonnadeError,
    DeadlineExceeded,
    ErrorRecord,
    InternalError,
    InvalidRequest,
    Unavailable,
)
from colonnade_runtime.admin.commands.registry import AdminCall, AdminCommands
from colonnade_runtime.admin.platform import AdminPlatform
from colonnade_runtime.admin.protocol import (
    MAXIMUM_LINE,
    Call,
    Chunk,
    Progress,
    Reply,
    line_of,
    read_line,
)

IDLE_SECONDS = 600.0
"""Seconds that a connection may be silent between two calls."""

MAXIMUM_CONNECTIONS = 32


class AdminServer:
    """Answers on a bound socket. Calls that come before `open` wait for it."""

    def __init__(self, listener: socket.socket, commands: AdminCommands, log: Any) -> None:
        self._listener = listener
        self._commands = commands
        self._log = log
        self._platform: asyncio.Future[AdminPlatform] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.busy: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_unix_server(
            self._connected, sock=self._listener, limit=MAXIMUM_LINE
        )

    def open(self, platform: AdminPlatform) -> None:
        """Answer calls from now on."""
        self._platform.set_result(platform)

    async def stop(self, deadline: float) -> None:
        """Take nothing more, let running calls end within `deadline` seconds, hang up."""
        if self._server is not None:
            self._server.close()
        if not self._platform.done():
            self._platform.set_exception(Unavailable("The platform stops."))
            self._platform.exception()
        for task in self._connections - self.busy:
            task.cancel()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=deadline)
            await cancel_tasks(late)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("admin connection")
        self._connections.add(task)
        try:
            await self._serve(task, reader, writer)
        except (ConnectionError, TimeoutError):
            return
        except asyncio.CancelledError:
            # Only `stop` cancels a connection, and it waits for the end of it.
            return
        finally:
            self._connections.discard(task)
            self.busy.discard(task)
            writer.close()

    async def _serve(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = _Peer(reader, writer)
        try:
            operator = _operator(writer)
            if len(self._connections) > MAXIMUM_CONNECTIONS:
                raise Unavailable("Too many commands work on the platform; try again later.")
        except ColonnadeError as error:
            await peer.send(Reply(error=ErrorRecord.of(error)))
            return
        while not self._server_closed():
            line = await peer.line(IDLE_SECONDS)
            if not line:
                return
            self.busy.add(task)
            try:
                call = read_line(line, Call)
            except InvalidRequest as error:
                await peer.send(Reply(error=ErrorRecord.of(error)))
                return
            await self._answer(call, peer, operator)
            self.busy.discard(task)

    def _server_closed(self) -> bool:
        return self._server is None or not self._server.is_serving()

    async def _answer(self, call: Call, peer: "_Peer", operator: str) -> None:
        chunks = _Chunks(peer, call.seconds) if call.stream else None
        try:
            async with asyncio.timeout(call.seconds):
                # Shielded: one call that gives up must not take the future from the others.
                platform = await asyncio.shield(self._platform)
                context = AdminCall(
                    platform,
                    operator,
                    call.seconds,
                    chunks.bytes() if chunks else None,
                    peer.tell,
                )
                answer = await self._commands.run(call, context)
            reply = Reply(answer=msgspec.Raw(msgspec.json.encode(answer)))
        except ColonnadeError as error:
            reply = Reply(error=ErrorRecord.of(error))
        except TimeoutError:
            reply = Reply(error=ErrorRecord.of(self._late(call)))
        except ConnectionError:
            raise
        except Exception:
            self._log.exception("admin command failed", command=call.command)
            broken = InternalError("The command failed; the platform's log says how.")
            reply = Reply(error=ErrorRecord.of(broken))
        if chunks is not None:
            await chunks.skip()
        await peer.send(reply)

    def _late(self, call: Call) -> ColonnadeError:
        if not self._platform.done():
            return Unavailable("The process is starting; nothing was done.")
        late = f"'{call.command}' was not done in {call.seconds:g} seconds; it may yet happen."
        return DeadlineExceeded(late)


class _Peer:
    """The client on the other end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def line(self, seconds: float) -> bytes:
        """The next line, empty when the client has hung up."""
        try:
            return await asyncio.wait_for(self._reader.readline(), seconds)
        except ValueError:
            raise ConnectionResetError("a line that is too long") from None

    async def send(self, reply: Reply) -> None:
        """Send a line; a client that does not read it is given up."""
        self._writer.write(line_of(reply))
        await asyncio.wait_for(self._writer.drain(), 30)

    async def tell(self, done: int, total: int) -> None:
        """Send how far the call is."""
        await self.send(Reply(progress=Progress(done, total)))


class _Chunks:
    """The stream of a call, read as it is wanted."""

    def __init__(self, peer: _Peer, seconds: float) -> None:
        self._peer = peer
        self._seconds = seconds
        self._ended = False

    async def bytes(self) -> AsyncIterator[bytes]:
        """The parts of the stream.

        Raises:
            InvalidRequest: the client hung up before the end.
        """
        while not self._ended:
            line = await self._peer.line(self._seconds)
            if not line:
                self._ended = True
                raise InvalidRequest("The stream ended before its last part.")
            chunk = read_line(line, Chunk)
            self._ended = chunk.last
            if chunk.data:
                yield chunk.data

    async def skip(self) -> None:
        """Read what the command left, so that the next line is a call again."""
        with suppress(InvalidRequest):
            async for _ in self.bytes():
                continue


def _operator(writer: asyncio.StreamWriter) -> str:
    """Account at the other end: besides the mode of the file, a wall against other accounts."""
    if not hasattr(socket, "SO_PEERCRED"):
        return f"account:{os.geteuid()}"
    connection = writer.get_extra_info("socket")
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, account, _ = struct.unpack("3i", packed)
    if account not in (0, os.geteuid()):
        raise Unavailable("Only the account that runs the platform may work on it.")
    return f"account:{account}"
