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


class OrderedMessage(Protocol):
    """One message as JetStream delivered it."""

    @property
    def subject(self) -> str:
        """The subject it was published on."""
        ...

    @property
    def sequence(self) -> int:
        """Sequence number in the stream."""
        ...

    async def settle(self) -> None:
        """Acknowledge it: its effect is committed."""
        ...

    async def give_back(self, *, at_once: bool = False) -> None:
        """Return it for redelivery: after a pause, or at once."""
        ...


MessageT = TypeVar("MessageT", bound=OrderedMessage)


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
        self._former: set[int] = set()
        self._stopping = False

    @property
    def unsettled(self) -> list[MessageT]:
        """Messages that are here and neither acknowledged nor given back."""
        return list(self._unsettled.values())

    @property
    def known(self) -> set[int]:
        """The messages that are delivered and not acknowledged, as far as is known here."""
        here = {number for number, each in self._unsettled.items() if not self._is_former(each)}
        return here.union(*self._held.values())

    def has(self, sequence: int) -> bool:
        """Tell whether a message is here and not settled."""
        found = self._unsettled.get(sequence)
        return found is not None and not self._is_former(found)

    async def begin_anew(self) -> None:
        """Another process may have had the consumer in between, or its stream was made anew:
        what was held may be handled by now, and its number may belong to another message.

        What has not begun goes back; it comes again where it is still known.
        """
        self._held.clear()
        self._former.update(map(id, self._unsettled.values()))
        waiting = [message for subject in self._subjects.values() for message in subject.queue]
        for subject in self._subjects.values():
            subject.queue.clear()
        for message in waiting:
            await self._return(message, at_once=True)

    async def put(self, message: MessageT) -> None:
        """Take one message."""
        # Held are the first that failed and all that came behind it: each must be given back
        # until the first is settled, or a later event would take effect before an earlier one.
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
                    # An earlier one came back meanwhile, or all were given back.
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
            if handled and self._is_former(message):
                # Not acknowledged: its number may be another's by now, which would be lost.
                self._drop(message)
                self._settled()
            elif handled:
                self._release(message)
                await message.settle()
                self._settled()
            else:
                await self._hold(message, behind)

    async def _hold(self, message: MessageT, behind: "list[MessageT]") -> None:
        if self._is_former(message):
            # Where it is still known it comes again, and those behind it wait for the gap.
            return await self._return(message, at_once=True)
        held = self._held.setdefault(message.subject, set())
        for item in (message, *behind):
            held.add(item.sequence)
        await self._return(message, at_once=self._stopping)
        while behind:
            await self._return(behind.pop(0), at_once=self._stopping)
        return None

    async def _return(self, message: MessageT, *, at_once: bool) -> None:
        self._drop(message)
        await message.give_back(at_once=at_once)
        self._settled()

    def _is_former(self, message: MessageT) -> bool:
        """Tell whether it was begun before the consumer was ours anew, and is not done yet."""
        return id(message) in self._former

    def _drop(self, message: MessageT) -> None:
        self._former.discard(id(message))
        if self._unsettled.get(message.sequence) is message:
            del self._unsettled[message.sequence]

    def _release(self, message: MessageT) -> None:
        self._drop(message)
        held = self._held.get(message.subject)
        if held is not None:
            held.discard(message.sequence)
            if not held:
                del self._held[message.subject]


def _sequence(message: OrderedMessage) -> int:
    return message.sequence


def _is_first(message: MessageT, queue: "list[MessageT]") -> bool:
    return bool(queue) and queue[0] is message
