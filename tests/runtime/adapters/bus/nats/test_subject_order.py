"""The order of messages per subject, with failures and redeliveries chosen at random."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_runtime.adapters.bus.nats.events.subject_order import SubjectOrder


class Message:
    """A message whose server is a list: what is given back comes again from there."""

    def __init__(self, subject: str, sequence: int, server: "list[Message]") -> None:
        self.subject = subject
        self.sequence = sequence
        self.server = server
        self.settled = 0

    async def settle(self) -> None:
        self.settled += 1

    async def give_back(self, *, at_once: bool = False) -> None:
        self.server.append(self)


MESSAGES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=20)


@pytest.mark.parametrize("examples", [60, pytest.param(1000, marks=pytest.mark.soak)])
def test_whatever_fails_each_subject_is_handled_in_order(examples: int) -> None:
    settings(max_examples=examples)(given(subjects=MESSAGES, data=st.data())(_is_in_order))()


def _is_in_order(subjects: list[str], data: st.DataObject) -> None:
    handled: list[Message] = []
    failures = data.draw(st.integers(0, 30))
    server: list[Message] = []

    async def ready(message: Message, is_first: Callable[[], bool]) -> bool:
        return True

    async def handle(message: Message) -> bool:
        nonlocal failures
        await asyncio.sleep(0)
        if failures and data.draw(st.booleans()):
            failures -= 1
            return False
        handled.append(message)
        return True

    async def scenario() -> None:
        order = SubjectOrder[Message]("c", ready, handle, lambda: None, 2)
        fresh = [Message(subject, n + 1, server) for n, subject in enumerate(subjects)]
        # JetStream delivers what is new in order, and mixes in what was given back as it likes.
        while fresh or server or order.unsettled:
            if server and (not fresh or data.draw(st.booleans())):
                await order.put(server.pop(data.draw(st.integers(0, len(server) - 1))))
            elif fresh:
                await order.put(fresh.pop(0))
            for _ in range(data.draw(st.integers(1, 3))):
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert len(handled) == len(subjects)
    assert all(message.settled == 1 for message in handled)
    for subject in set(subjects):
        sequences = [each.sequence for each in handled if each.subject == subject]
        assert sequences == sorted(sequences)


async def test_a_stop_gives_back_what_has_not_begun() -> None:
    """Waiting messages become no dead letters, and none is lost."""
    server: list[Message] = []
    gate, begun = asyncio.Event(), asyncio.Event()

    async def ready(message: Message, is_first: Callable[[], bool]) -> bool:
        return True

    async def handle(message: Message) -> bool:
        begun.set()
        await gate.wait()
        return True

    order = SubjectOrder[Message]("c", ready, handle, lambda: None, 2)
    for sequence in range(1, 4):
        await order.put(Message("a", sequence, server))
    await begun.wait()
    running = await order.stop()
    assert [each.sequence for each in server] == [2, 3]
    gate.set()
    await asyncio.wait(running, timeout=5)
    assert order.unsettled == []
