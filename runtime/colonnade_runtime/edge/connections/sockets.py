"""The connections of this process as the kernel knows them (Linux).

The server that accepts them shows neither how many there are nor how they fare; its sockets are
files of this process all the same, and the kernel counts what goes through each (tcp(7), TCP_INFO).
"""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DESCRIPTORS = Path("/proc/self/fd")

_INFO = 200
_RECEIVED = struct.Struct("@QQ")
# linux/tcp.h, struct tcp_info: tcpi_bytes_acked, tcpi_bytes_received, tcpi_notsent_bytes.
_BYTES_AT = 120
_UNSENT_AT = 144
_UNACKED_AT = 24
_UINT = struct.Struct("@I")
_AT_ONCE = struct.pack("@ii", 1, 0)

Peer = tuple[str, str]
"""Address and port of a client, as the server names them."""


@dataclass(slots=True)
class Connection:
    """One accepted connection: bytes received, bytes that its client has taken, and whether
    something of an answer is still on its way."""

    peer: Peer
    received: int
    taken: int
    is_answering: bool
    descriptor: int

    def close(self) -> None:
        """Shut the connection down on both sides; the server then closes it by itself."""
        # What nobody reads is thrown away, or the kernel would keep it (SO_LINGER in socket(7)).
        with suppress(OSError), socket.socket(fileno=os.dup(self.descriptor)) as held:
            # The number may be another file's by now.
            if _peer(held) == self.peer:
                if self.is_answering:
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                held.shutdown(socket.SHUT_RDWR)


def is_countable() -> bool:
    """True when this system shows a process its connections."""
    return DESCRIPTORS.is_dir() and hasattr(socket, "TCP_INFO")


def connections(port: int) -> Iterator[Connection]:
    """Every connection that was accepted on `port`."""
    for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - thousands of paths would cost as much
        # Most of what fails is no socket, or one that has been closed meanwhile.
        with suppress(OSError):
            found = _connection(int(name), port)
            if found is not None:
                yield found


def _connection(descriptor: int, port: int) -> Connection | None:
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)
    try:
        name = held.getsockname()
        if not isinstance(name, tuple) or name[1] != port or (peer := _peer(held)) is None:
            return None
        info = held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO)
    finally:
        # It is the server's to close.
        held.detach()
    if len(info) < _UNSENT_AT + _UINT.size:
        return None
    taken, received = _RECEIVED.unpack_from(info, _BYTES_AT)
    unsent = _UINT.unpack_from(info, _UNSENT_AT)[0] + _UINT.unpack_from(info, _UNACKED_AT)[0]
    return Connection(peer, received, taken, unsent > 0, descriptor)


def _peer(held: socket.socket) -> Peer | None:
    try:
        name = held.getpeername()
    except OSError:
        # It listens, or is closed already.
        return None
    return name[0].removeprefix("::ffff:"), str(name[1])
