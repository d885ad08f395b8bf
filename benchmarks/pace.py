"""A steady pace: one request every so often, and how long each took from when it was due.

A slow answer does not put off the requests after it, so that what they waited counts. It runs in a
process of its own: `python -m benchmarks.pace PORT PATH RATE SECONDS [NAME:VALUE …]` prints the
latencies in milliseconds.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping

import uvloop


def latencies(
    port: int, path: str, headers: Mapping[str, str], *, rate: float, seconds: float
) -> list[float]:
    """Milliseconds of each answer from 127.0.0.1:`port`, asked `rate` times a second.

    Raises:
        RuntimeError: when an answer is not a success.
    """
    given = [f"{name}:{value}" for name, value in headers.items()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pace", str(port), path, str(rate), str(seconds), *given],
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found: list[float] = json.loads(done.stdout)
    return found


class _Connections:
    """Keep-alive connections; one that is idle is used again."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, due: float) -> float:
        """Milliseconds from `due` to the whole answer."""
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"the server answered {head[:40]!r}")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        self._idle.append((reader, writer))
        return (time.perf_counter() - due) * 1e3


async def _pace(port: int, request: bytes, rate: float, seconds: float) -> list[float]:
    connections = _Connections(port, request)
    started = time.perf_counter()
    asked = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(connections.ask(due)))
    async with asyncio.timeout(30):
        return await asyncio.gather(*asked)


def main(port: str, path: str, rate: str, seconds: str, *headers: str) -> None:
    """Print the latencies."""
    lines = "".join(f"{header.replace(':', ': ', 1)}\r\n" for header in headers)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
    print(json.dumps(uvloop.run(_pace(int(port), request, float(rate), float(seconds)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
