"""A small load: keep-alive connections that ask again as soon as they are answered."""

import asyncio
import time


async def requests_per_second(
    port: int, path: str, headers: dict[str, str], connections: int, seconds: float
) -> float:
    """Answers per second over `connections` connections to 127.0.0.1:`port`.

    Raises:
        RuntimeError: when an answer is not a success.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_one(port, request, until) for _ in range(connections)))
    return sum(counts) / seconds


async def _one(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"the server answered {head[:40]!r}")
        await reader.readexactly(_length(head))
        count += 1
    writer.close()
    await writer.wait_closed()
    return count


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":", 1)[1])
    return 0
