"""Binds a signed context to one call: this operation, these bytes, and no second time.

A context alone says who calls. Whoever overhears one could send it along with another question,
so every call carries a seal beside it: a number that is used once, the moment until which the
call holds, and a keyed BLAKE2b (RFC 7693 §2.9) over both, the subject and the payload. The key is
the context's own, so that a seal fits no other context.
"""

import hashlib
import hmac
import os
import struct
from collections import deque
from itertools import count

from colonnade.errors import Unauthenticated, Unavailable

_HEAD = struct.Struct(">8sQQ")
_MAC_BYTES = 16
SEAL_BYTES = _HEAD.size + _MAC_BYTES
"""Eight bytes of chance per signer, a counter, milliseconds since the epoch, and the code."""

CLOCKS_DIFFER_SECONDS = 5.0
"""Seconds that the clocks of two machines may differ: a seal opens for so long beyond its call."""

REMEMBERED_CALLS = 250_000
"""Calls whose numbers are remembered at the same time; more are refused until some are over."""


class SealMaker:
    """Makes seals; the numbers of two makers differ by chance, those of one by counting."""

    def __init__(self) -> None:
        self._maker = os.urandom(8)
        self._next = count()

    def seal(self, key: bytes, subject: str, payload: bytes, until: float) -> bytes:
        """The seal of a call that holds until `until` (epoch seconds)."""
        head = _HEAD.pack(self._maker, next(self._next), max(0, int(until * 1000)))
        return head + _code(key, head, subject, payload)


class SealReader:
    """Opens each seal once."""

    def __init__(self, *, remembered: int = REMEMBERED_CALLS) -> None:
        self._remembered = remembered
        # By the second in which each call is over, so that forgetting costs nothing per call; a
        # queue in order of arrival would be held up by the first long call.
        self._seen: set[bytes] = set()
        self._ending: dict[int, deque[bytes]] = {}

    def open(self, seal: bytes, key: bytes, subject: str, payload: bytes, now: float) -> None:
        """Let a call through.

        Raises:
            Unauthenticated: when the seal is of another call, came before or is over.
            Unavailable: when more calls are under way than can be told apart.
        """
        head, code = seal[: _HEAD.size], seal[_HEAD.size :]
        if len(seal) != SEAL_BYTES or not hmac.compare_digest(
            code, _code(key, head, subject, payload)
        ):
            raise Unauthenticated("The context was signed for another call than this one.")
        until = _HEAD.unpack(head)[2] / 1000 + CLOCKS_DIFFER_SECONDS
        if now > until:
            raise Unauthenticated(
                "The call was over before it got here: it was sent again, or the clocks of the "
                "machines differ."
            )
        self._remember(head, int(until), int(now))

    def _remember(self, number: bytes, second: int, now: int) -> None:
        # Only what was signed here gets this far, so no stranger fills the memory.
        if number in self._seen:
            raise Unauthenticated("This call came before; a context is good for one.")
        if len(self._seen) >= self._remembered:
            self._forget(now)
        if len(self._seen) >= self._remembered:
            raise Unavailable("More calls are under way here than can be told apart; try again.")
        self._seen.add(number)
        ending = self._ending.get(second)
        if ending is None:
            self._forget(now)
            ending = self._ending[second] = deque()
        ending.append(number)

    def _forget(self, now: int) -> None:
        """Forget the numbers of calls that are over: their seals open nothing any more."""
        for second in [each for each in self._ending if each < now]:
            self._seen.difference_update(self._ending.pop(second))


def _code(key: bytes, head: bytes, subject: str, payload: bytes) -> bytes:
    code = hashlib.blake2b(head, key=key, digest_size=_MAC_BYTES)
    name = subject.encode()
    # With its length, so that no byte of the subject can pass for one of the payload.
    code.update(struct.pack(">I", len(name)) + name)
    code.update(payload)
    return code.digest()
