"""A small load: keep-alive connections that ask again as soon as they are answered.

It runs in a process of its own, so that it takes nothing from the server that it measures:
`python -m benchmarks.load PORT PATH CONNECTIONS SECONDS [NAME:VALUE …]` prints answers per second.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import cast

import uvloop


def requests_per_second(
    port: int,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    connections: int = 16,
    seconds: float = 1.5,
) -> float:
    """Answers per second from 127.0.0.1:`port`, asked by another process.

    Raises:
        RuntimeError: when an answer is not a success.
    """
    given = [f"{name}:{value}" for name, value in (headers or {}).items()]
    command = [sys.executable, "-m", "benchmarks.load", str(port), path, str(connections)]
    done = subprocess.run(
        [*command, str(seconds), *given],
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, until: float) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._request = request
        self._until = until
        self._received = b""
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 20"):
            self._fail(f"the server answered {head[:40]!r}")
            return
        self._received = b""
        self._count += 1
        if time.perf_counter() < self._until:
            self._transport.write(self._request)
            return
        self._transport.close()
        self.done.set_result(self._count)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the server closed the connection ({error})")

    def _fail(self, sentence: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(sentence))
            self._transport.abort()


def _length(head: bytes) -> int:
    place = head.lower().find(b"\r\ncontent-length:")
    if place < 0:
        return 0
    return int(head[place + 17 :].split(b"\r\n", 1)[0])


async def _load(port: int, request: bytes, connections: int, seconds: float) -> float:
    started = time.perf_counter()
    until = started + seconds
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Client(request, until), "127.0.0.1", port)
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 20):
        counts = await asyncio.gather(*(client.done for _, client in made))
    return sum(counts) / (time.perf_counter() - started)


def main(port: str, path: str, connections: str, seconds: str, *headers: str) -> None:
    """Print answers per second."""
    lines = "".join(f"{header.replace(':', ': ', 1)}\r\n" for header in headers)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
    print(uvloop.run(_load(int(port), request, int(connections), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
