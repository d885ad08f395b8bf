"""A listener for health alone, on a thread and a loop of its own.

No connection to it is one of those that clients have, and it answers while the loop that does the
work is busy. It shares the interpreter with it: what holds the interpreter's lock holds this, too.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from colonnade.errors import ConfigurationError
from colonnade_runtime.edge.health.endpoints import ALIVE, METRICS_TYPE, READING, Health

BEAT_SECONDS = 0.5
STUCK_SECONDS = 10.0
"""A loop that has not turned for so long is said to be stuck."""

ASKING_SECONDS = 2.0
"""Seconds that the main loop may take to report its health."""

CLIENT_SECONDS = 5.0
"""Seconds that a client may take with its request, and with reading the answer."""

MAXIMUM_HEAD = 8192
MAXIMUM_CONNECTIONS = 64
"""Beyond it the oldest goes: whoever watches asks, and leaves."""

JSON_TYPE = b"application/json"

_REASONS = {
    200: b"OK", 204: b"No Content", 400: b"Bad Request", 404: b"Not Found",
    405: b"Method Not Allowed", 503: b"Service Unavailable",
}  # fmt: skip


class HealthListener:
    """Answers `/livez`, `/readyz` and `/metrics` for what runs on the loop that made it."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._health = health
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._work = asyncio.get_running_loop()
        self._beat = time.monotonic()
        self._beating: asyncio.TimerHandle | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    def start(self) -> None:
        """Begin to answer."""
        self._turn()
        self._thread.start()

    async def stop(self) -> None:
        """Answer no more."""
        if self._beating is not None:
            self._beating.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 2.0)

    def _turn(self) -> None:
        self._beat = time.monotonic()
        self._beating = self._work.call_later(BEAT_SECONDS, self._turn)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, sock=self._socket, limit=MAXIMUM_HEAD)
        )
        self._loop.run_forever()
        server.close()
        for task in self._open:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._open, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= MAXIMUM_CONNECTIONS:
            next(iter(self._open)).cancel()
        self._open[task] = writer
        try:
            async with asyncio.timeout(CLIENT_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            answer = await self._answer(head)
            async with asyncio.timeout(CLIENT_SECONDS):
                writer.write(answer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            del self._open[task]

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path, _, version = rest.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            return _response(400, b"", JSON_TYPE, method)
        path = path.partition(b"?")[0]
        if path not in (b"/livez", b"/readyz", b"/metrics"):
            return _response(404, b"", JSON_TYPE, method)
        if method == b"OPTIONS":
            return _response(204, b"", JSON_TYPE, method)
        if method not in (b"GET", b"HEAD"):
            return _response(405, b"", JSON_TYPE, method)
        if path == b"/livez":
            return _response(*self._liveness(), JSON_TYPE, method)
        if path == b"/readyz":
            return _response(*await self._readiness(), JSON_TYPE, method)
        await self._ask(self._health.look_at_everything())
        return _response(200, _metrics(self._health.registry), METRICS_TYPE, method)

    def _liveness(self) -> tuple[int, bytes]:
        late = time.monotonic() - self._beat
        if late < STUCK_SECONDS:
            return 200, ALIVE
        return 503, json.dumps({"status": "stuck", "seconds": round(late)}).encode()

    async def _readiness(self) -> tuple[int, bytes]:
        said: tuple[int, bytes] | None = await self._ask(self._health.readiness())
        if said is not None:
            return said
        busy = {"loop": f"no answer within {ASKING_SECONDS:g} s"}
        return 503, json.dumps({"status": "not ready", "waiting_for": busy}).encode()

    async def _ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        """The answer of the loop that does the work; None when it gives none in time."""
        asked = asyncio.run_coroutine_threadsafe(question, self._work)
        with suppress(TimeoutError, CancelledError):
            async with asyncio.timeout(ASKING_SECONDS):
                return await asyncio.wrap_future(asked)
        asked.cancel()
        return None


@asynccontextmanager
async def health_listening(health: Health, host: str, port: int | None) -> AsyncIterator[int]:
    """Answer for health at an address of its own for the block, where one is declared; its port.

    Raises:
        ConfigurationError: when the port is taken or may not be used.
    """
    if port is None:
        yield 0
        return
    listener = HealthListener(health, host, port)
    listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise ConfigurationError(
            f"Cannot listen for health on {host}:{port}: {error.strerror or error}. "
            "Stop what uses it, or set another with --set gateway.health.port=9001."
        ) from None
    made.setblocking(False)
    return made


def _metrics(registry: CollectorRegistry) -> bytes:
    """Read while the other loop may count: what changes under the reader is read again."""
    for _ in range(10):
        with suppress(RuntimeError):
            return generate_latest(registry)
    return generate_latest(registry)


def _response(status: int, body: bytes, media_type: bytes, method: bytes) -> bytes:
    head = [
        b"HTTP/1.1 %d %b" % (status, _REASONS[status]),
        b"Content-Type: " + media_type,
        b"Content-Length: %d" % len(body),
        b"Cache-Control: no-store",
        b"X-Content-Type-Options: nosniff",
        b"Connection: close",
    ]
    if status in (204, 405):
        head.append(b"Allow: " + READING)
    return b"\r\n".join([*head, b"", b"" if method == b"HEAD" else body])
