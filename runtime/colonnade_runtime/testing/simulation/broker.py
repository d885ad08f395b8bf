"""A broker that keeps its promises and no more: at least once, in order per key as a rule."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from colonnade.bus import AskHandler, Consumer

if TYPE_CHECKING:
    from colonnade_runtime.testing.simulation.bus import SimulatedBus
    from colonnade_runtime.testing.simulation.loop import SimulatedLoop

ACKNOWLEDGED_WITHIN = 5.0
"""Seconds after which a delivery that nobody answered is made again."""

LATE = 90.0
"""Seconds within which an event may come again that was handled."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event as the broker keeps it."""

    event_type: str
    key: str
    message_id: str
    envelope: bytes


@dataclass(slots=True)
class Line:
    """Queue of what one consumer has yet to handle of one key. `attempt` numbers the delivery under
    way, which `member` has."""

    waiting: deque[Message] = field(default_factory=deque)
    is_busy: bool = False
    attempt: int = 0
    member: "SimulatedBus | None" = None


@dataclass(slots=True)
class Group:
    """A durable consumer: the processes that take its events, and what waits for them."""

    event_type: str
    members: "dict[SimulatedBus, Consumer]" = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)


class SimulatedBroker:
    """Outlives the processes. `note` is told what happens, for people to read."""

    def __init__(self, loop: "SimulatedLoop", note: Callable[..., None]) -> None:
        self._loop = loop
        self._chance = loop.chance
        self._note = note
        self._streams: dict[str, list[Message]] = {}
        self._known: set[str] = set()
        self._groups: dict[str, Group] = {}
        self._handlers: dict[str, dict[SimulatedBus, AskHandler]] = {}

    @property
    def is_idle(self) -> bool:
        """Tell whether every event was acknowledged by every consumer."""
        return not any(
            line.waiting for group in self._groups.values() for line in group.lines.values()
        )

    def serve(self, bus: "SimulatedBus", subject: str, handler: AskHandler) -> None:
        """Let a process answer an operation from now on."""
        self._handlers.setdefault(subject, {})[bus] = handler

    def who_serves(self, subject: str) -> "tuple[SimulatedBus, AskHandler] | None":
        """One of those that answer an operation now."""
        found = list(self._handlers.get(subject, {}).items())
        return self._chance.random.choice(found) if found else None

    def join(self, bus: "SimulatedBus", consumer: Consumer) -> None:
        """Let a process take a consumer's events from now on; a new one gets those kept too."""
        group = self._groups.get(consumer.name)
        if group is None:
            group = self._groups[consumer.name] = Group(consumer.event_type)
            for message in self._streams.get(consumer.event_type, ()):
                self._enqueue(group, message)
        group.members[bus] = consumer
        for line in group.lines.values():
            self._go_on(group, line)

    def leave(self, bus: "SimulatedBus") -> None:
        """A process takes no more events; those it has, it may still acknowledge."""
        for group in self._groups.values():
            group.members.pop(bus, None)

    def lose(self, bus: "SimulatedBus") -> None:
        """A process is gone: what it had not acknowledged is delivered again."""
        self.leave(bus)
        for handlers in self._handlers.values():
            handlers.pop(bus, None)
        for group in self._groups.values():
            for line in group.lines.values():
                if line.member is bus:
                    self._again(group, line, ACKNOWLEDGED_WITHIN)

    def accept(self, message: Message) -> None:
        """Keep an event, unless it is remembered as a duplicate."""
        if message.message_id in self._known and not self._chance.happens(
            self._chance.faults.forgotten
        ):
            return
        self._known.add(message.message_id)
        self._streams.setdefault(message.event_type, []).append(message)
        for group in self._groups.values():
            if group.event_type == message.event_type:
                self._enqueue(group, message)

    def wipe(self) -> None:
        """Forget every event, as a broker whose disk is lost; consumers stay known."""
        self._note("broker wiped")
        self._streams.clear()
        self._known.clear()
        for group in self._groups.values():
            for line in group.lines.values():
                line.waiting.clear()
                line.is_busy, line.member = False, None
                line.attempt += 1

    def _enqueue(self, group: Group, message: Message) -> None:
        line = group.lines.setdefault(message.key, Line())
        line.waiting.append(message)
        self._go_on(group, line)

    def _go_on(self, group: Group, line: Line) -> None:
        if line.waiting and not line.is_busy and group.members:
            line.is_busy = True
            self._loop.post(self._chance.hop(), self._deliver, group, line, line.attempt)

    def _deliver(self, group: Group, line: Line, attempt: int) -> None:
        if attempt != line.attempt:
            return
        if not group.members:
            line.is_busy = False
            return
        line.attempt += 1
        bus, consumer = self._chance.random.choice(list(group.members.items()))
        message = line.waiting[0]
        if self._chance.happens(self._chance.faults.dropped):
            self._note("dropped", consumer.name, message.message_id)
            self._again(group, line, ACKNOWLEDGED_WITHIN)
            return
        line.member = bus
        number = line.attempt
        task = bus.take(consumer, message.envelope)
        task.add_done_callback(lambda done: self._done(group, line, number, done))

    def _done(self, group: Group, line: Line, attempt: int, task: "asyncio.Task[None]") -> None:
        # Runs on the loop of the process; what follows is the broker's.
        acknowledged = not task.cancelled() and task.exception() is None
        self._loop.post(self._chance.hop(), self._answered, group, line, attempt, acknowledged)

    def _answered(self, group: Group, line: Line, attempt: int, acknowledged: bool) -> None:
        if attempt != line.attempt:
            return
        line.member = None
        if not acknowledged or self._chance.happens(self._chance.faults.unacknowledged):
            self._again(group, line, 0.5)
            return
        message = line.waiting.popleft()
        line.attempt += 1
        line.is_busy = False
        if self._chance.happens(self._chance.faults.again):
            seconds = self._chance.random.uniform(0.0, LATE)
            self._loop.post(seconds, self._enqueue, group, message)
        self._go_on(group, line)

    def _again(self, group: Group, line: Line, seconds: float) -> None:
        line.member = None
        line.is_busy = True
        line.attempt += 1
        self._loop.post(seconds, self._deliver, group, line, line.attempt)
