"""Messages of one consumer, kept in order per subject while they are handled, fail and come back.

A message that was given back comes again later, and those behind it on its subject must not pass
it. So a subject is held from its first failure until that message has been handled.
"""

import asyncio
from bisect import insort
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from colonnade.background_tasks import background_task


class Delivered(Protocol):
    """One message as JetStream delivered it."""

    @property
    def subject(self) -> str:
        """The subject it was published on."""
        ...

    @property
    def sequence(self) -> int:
        """Its place in the stream."""
        ...

    async def settle(self) -> None:
        """Acknowledge it: its effect is committed."""
        ...

    async def give_back(self, *, at_once: bool = False) -> None:
        """Have it delivered again: after a pause, or at once."""
        ...


MessageT = TypeVar("MessageT", bound=Delivered)


@dataclass(slots=True)
class _Subject(Generic[MessageT]):
    queue: "list[MessageT]"
    task: "asyncio.Task[None]"


class SubjectOrder(Generic[MessageT]):
    """Handles messages: many subjects at once, one message at a time and in order per subject.

    `ready` waits until nothing that must come before a message is still on its way, for as long
    as the message is the first of its subject; `handle` handles it. Both answer whether that
    went well, and raise only when cancelled. `parallel` messages are handled at the same time;
    those that wait to be ready are not among them.
    """

    def __init__(
        self,
        name: str,
        ready: Callable[[MessageT, Callable[[], bool]], Awaitable[bool]],
        handle: Callable[[MessageT], Awaitable[bool]],
        settled: Callable[[], None],
        parallel: int,
    ) -> None:
        self._name = name
        self._ready = ready
        self._handle = handle
        self._settled = settled
        self._slots = asyncio.Semaphore(parallel)
        self._subjects: dict[str, _Subject[MessageT]] = {}
        self._held: dict[str, set[int]] = {}
        self._unsettled: dict[int, MessageT] = {}
        self._stopping = False

    @property
    def unsettled(self) -> list[MessageT]:
        """What is here and neither acknowledged nor given back."""
        return list(self._unsettled.values())

    @property
    def known(self) -> set[int]:
        """The messages that are delivered and not acknowledged, as far as is known here."""
        return set(self._unsettled).union(*self._held.values())

    def has(self, sequence: int) -> bool:
        """Whether a message is here and not settled."""
        return sequence in self._unsettled

    def forget_held(self) -> None:
        """Another process had the consumer in between: what was held may be handled by now."""
        self._held.clear()

    async def put(self, message: MessageT) -> None:
        """Take one message."""
        held = self._held.get(message.subject)
        if self._stopping:
            return await message.give_back(at_once=True)
        if held and message.sequence > min(held):
            # It overtook one that was given back.
            held.add(message.sequence)
            return await message.give_back()
        if self.has(message.sequence):
            # Delivered again although it is still being worked on: its acknowledgement settles
            # both.
            return None
        self._unsettled[message.sequence] = message
        found = self._subjects.get(message.subject)
        if found is not None:
            # One that was given back earlier comes before those that arrived meanwhile.
            insort(found.queue, message, key=_sequence)
            return None
        queue = [message]
        task = background_task(
            self._drain(message.subject, queue), name=f"consumer:{self._name}:{message.subject}"
        )
        self._subjects[message.subject] = _Subject(queue, task)
        return None

    async def stop(self) -> "set[asyncio.Task[None]]":
        """Give back what has not begun; answers the tasks of what runs on."""
        self._stopping = True
        for subject in self._subjects.values():
            while subject.queue:
                await self._return(subject.queue.pop(0), at_once=True)
        return {subject.task for subject in self._subjects.values()}

    async def _drain(self, subject: str, queue: "list[MessageT]") -> None:
        try:
            while queue:
                message = queue[0]
                is_first = partial(_is_first, message, queue)
                ready = await self._ready(message, is_first)
                if not is_first():
                    continue
                del queue[0]
                await self._one(message, queue, ready=ready)
        finally:
            del self._subjects[subject]

    async def _one(self, message: MessageT, behind: "list[MessageT]", *, ready: bool) -> None:
        handled = False
        try:
            if ready:
                async with self._slots:
                    handled = not self._stopping and await self._handle(message)
        finally:
            if handled:
                self._release(message)
                await message.settle()
                self._settled()
            else:
                await self._hold(message, behind)

    async def _hold(self, message: MessageT, behind: "list[MessageT]") -> None:
        held = self._held.setdefault(message.subject, set())
        for item in (message, *behind):
            held.add(item.sequence)
        await self._return(message, at_once=self._stopping)
        while behind:
            await self._return(behind.pop(0), at_once=self._stopping)

    async def _return(self, message: MessageT, *, at_once: bool) -> None:
        self._unsettled.pop(message.sequence, None)
        await message.give_back(at_once=at_once)
        self._settled()

    def _release(self, message: MessageT) -> None:
        self._unsettled.pop(message.sequence, None)
        held = self._held.get(message.subject)
        if held is not None:
            held.discard(message.sequence)
            if not held:
                del self._held[message.subject]


def _sequence(message: Delivered) -> int:
    return message.sequence


def _is_first(message: MessageT, queue: "list[MessageT]") -> bool:
    return bool(queue) and queue[0] is message
