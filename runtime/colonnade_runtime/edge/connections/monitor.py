"""Closes connections that take too long, and the longest waiting ones when there are too many.

The server bounds how many there are and no more: it has no time for a connection that says nothing
yet, for HTTP/2 without a request, or for a client that does not read. A thread looks at what the
kernel counts for each, beside the requests that the application knows to be running. Nothing of a
request passes through here.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from colonnade_runtime.edge.connections.limits import ConnectionLimits
from colonnade_runtime.edge.connections.sockets import Connection, Peer, connections, is_countable

EVERY_SECONDS = 0.5
LARGEST_SHARE = 0.1
"""Largest share of time that scans may take: with many connections they come less often."""

CROWDED = 0.9
RELIEVED = 0.5
"""Shares of the maximum at which waiting connections are closed, and down to which."""

READ_AT_LEAST = 4096
"""Bytes that a client must take of its answer within the time for one."""


@dataclass(slots=True)
class ConnectionHistory:
    """History of one connection, with times of `time.monotonic`."""

    quiet_since: float
    progress_since: float
    head_since: float | None = None
    received: int = 0
    taken: int = 0


class ConnectionMonitor:
    """The connections of one listener. `begin` and `end` are told by the application."""

    def __init__(self, port: int, limits: ConnectionLimits) -> None:
        self._port = port
        self._limits = limits
        self._running: dict[Peer, int] = {}
        self._ran: set[Peer] = set()
        self._histories: dict[Peer, ConnectionHistory] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="connections", daemon=True)
        self._log = structlog.get_logger("colonnade")

    def start(self) -> None:
        """Begin to look, where the system shows connections."""
        if is_countable():
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def begin(self, peer: Peer) -> None:
        """A request of this client runs."""
        self._running[peer] = self._running.get(peer, 0) + 1

    def end(self, peer: Peer) -> None:
        """Note that a request of the connection was answered."""
        left = self._running[peer] - 1
        if left:
            self._running[peer] = left
        else:
            del self._running[peer]
        self._ran.add(peer)

    def look(self, found: Iterable[Connection], now: float) -> dict[str, list[Connection]]:
        """Return the connections to close, by reason, and remember this scan."""
        running, ran = self._running.copy(), self._ran
        self._ran = set()
        histories: dict[Peer, ConnectionHistory] = {}
        late: dict[str, list[Connection]] = {}
        left: list[Connection] = []
        for each in found:
            history = self._histories.get(each.peer) or ConnectionHistory(now, now)
            histories[each.peer] = history
            is_running = each.peer in running
            if is_running or each.peer in ran:
                history.quiet_since, history.head_since = now, None
                history.received = each.received
            reason = self._lateness(each, history, now, is_running=is_running)
            if reason is None:
                left.append(each)
            else:
                late.setdefault(reason, []).append(each)
        self._histories = histories
        if crowded := self._crowded(left, running):
            late["crowded"] = crowded
        return late

    def _lateness(
        self, each: Connection, history: ConnectionHistory, now: float, *, is_running: bool
    ) -> str | None:
        if each.is_answering and each.taken - history.taken < READ_AT_LEAST:
            history.quiet_since = now
            return "answer" if now - history.progress_since > self._limits.answer else None
        history.taken, history.progress_since = each.taken, now
        if is_running or each.is_answering:
            history.quiet_since = now
            return None
        if each.received > history.received:
            history.head_since = now if history.head_since is None else history.head_since
            return "head" if now - history.head_since > self._limits.head else None
        return "idle" if now - history.quiet_since > self._limits.idle else None

    def _crowded(self, left: list[Connection], running: dict[Peer, int]) -> list[Connection]:
        """Yield connections to close for room: first those without a request that wait longest."""
        order = sorted(
            left,
            key=lambda each: (each.peer in running, self._histories[each.peer].quiet_since),
        )
        counts = Counter(each.peer[0] for each in left)
        chosen = []
        for address, count in counts.items():
            excess = count - self._limits.per_address
            if excess > 0 and not self._limits.is_exempt(address):
                chosen += [each for each in order if each.peer[0] == address][:excess]
        if len(left) - len(chosen) > self._limits.maximum * CROWDED:
            gone = {each.peer for each in chosen}
            waiting = [each for each in order if each.peer not in {*running, *gone}]
            room = len(left) - len(chosen) - int(self._limits.maximum * RELIEVED)
            chosen += waiting[:room]
        return chosen

    def _keep(self) -> None:
        pause = EVERY_SECONDS
        while not self._stopping.wait(pause):
            started = time.monotonic()
            try:
                late = self.look(connections(self._port), started)
                self._close(late)
            except Exception:
                self._log.exception("connections cannot be looked at")
                continue
            taken = time.monotonic() - started
            # Whoever waits to be accepted waits for the next look.
            pause = (
                EVERY_SECONDS if "crowded" in late else max(EVERY_SECONDS, taken / LARGEST_SHARE)
            )

    def _close(self, late: dict[str, list[Connection]]) -> None:
        for found in late.values():
            for each in found:
                each.close()
        if late:
            counts = {reason: len(found) for reason, found in late.items()}
            level = self._log.warning if "crowded" in counts else self._log.debug
            level("connections were closed", **counts)


def watched(application: Any, watch: ConnectionMonitor) -> Any:
    """The ASGI application, telling `watch` of each request."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        peer = scope["client"]
        watch.begin(peer)
        try:
            await application(scope, receive, send)
        finally:
            watch.end(peer)

    return answer
