"""Contract of every bus, whichever adapter carries it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from colonnade.bus import Bus, Consumer
from colonnade.errors import DeadlineExceeded, Unavailable

LIMIT = 10.0
"""Seconds after which a test that waits has failed."""


class Recorder:
    """A consumer that remembers what it got and can be told to wait or to fail."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.running = 0
        self.most = 0
        self.changed = asyncio.Condition()
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0

    async def deliver(self, envelope: bytes) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        async with self.changed:
            self.changed.notify_all()
        try:
            await self.gate.wait()
            if self.failures:
                self.failures -= 1
                raise Unavailable("Not now.")
            self.seen.append(envelope)
        finally:
            self.running -= 1
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT), self.changed:
            await self.changed.wait_for(condition)


async def publish(bus: Bus, key: str, envelope: bytes, event_type: str = "test.v1") -> None:
    """Publish as the relay does: again, until it is accepted."""
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await bus.publish(event_type, key, f"id-{envelope!r}", envelope)
            except Unavailable:
                await asyncio.sleep(0.01)


async def ended(*tasks: Awaitable[object]) -> None:
    async with asyncio.timeout(LIMIT):
        await asyncio.gather(*tasks)


class TestAsking:
    """Operations over the bus."""

    async def test_an_answer_comes_back_byte_for_byte(self, bus: Bus) -> None:
        async def echo(payload: bytes, header: str) -> bytes:
            return payload + b"|" + header.encode()

        await bus.serve("ask.test.v1.Echo", echo)
        assert await bus.ask("ask.test.v1.Echo", b"\x00\xff", "v1.head", 2.0) == b"\x00\xff|v1.head"

    async def test_a_subject_that_nobody_serves_is_unavailable(self, bus: Bus) -> None:
        with pytest.raises(Unavailable):
            await bus.ask("ask.test.v1.Nobody", b"", "", 2.0)

    async def test_a_late_answer_is_a_deadline_and_not_unavailable(self, bus: Bus) -> None:
        release = asyncio.Event()

        async def late(payload: bytes, header: str) -> bytes:
            await release.wait()
            return b"late"

        await bus.serve("ask.test.v1.Late", late)
        with pytest.raises(DeadlineExceeded):
            await bus.ask("ask.test.v1.Late", b"", "", 0.05)
        release.set()

    async def test_many_questions_at_once_each_get_their_own_answer(self, bus: Bus) -> None:
        async def echo(payload: bytes, header: str) -> bytes:
            await asyncio.sleep(0)
            return payload

        await bus.serve("ask.test.v1.Echo", echo)
        questions = [b"%d" % number for number in range(50)]
        answers = await asyncio.gather(
            *(bus.ask("ask.test.v1.Echo", question, "", 5.0) for question in questions)
        )
        assert answers == questions

    async def test_a_handler_may_ask_in_turn(self, bus: Bus) -> None:
        async def inner(payload: bytes, header: str) -> bytes:
            return payload[::-1]

        async def outer(payload: bytes, header: str) -> bytes:
            return await bus.ask("ask.test.v1.Inner", payload, header, 2.0)

        await bus.serve("ask.test.v1.Inner", inner)
        await bus.serve("ask.test.v1.Outer", outer)
        assert await bus.ask("ask.test.v1.Outer", b"abc", "", 2.0) == b"cba"


class TestPublishing:
    """Events over the bus."""

    async def test_an_event_without_consumers_is_accepted_at_once(self, bus: Bus) -> None:
        async with asyncio.timeout(LIMIT):
            await bus.publish("lonely.v1", "k", "e1", b"nobody")

    async def test_every_consumer_of_a_type_gets_the_event(self, bus: Bus) -> None:
        one, two, other = Recorder(), Recorder(), Recorder()
        await bus.consume(Consumer("a:One.on", "test.v1", one.deliver))
        await bus.consume(Consumer("b:Two.on", "test.v1", two.deliver))
        await bus.consume(Consumer("c:Other.on", "other.v1", other.deliver))
        await publish(bus, "k", b"fact")
        await one.until(lambda: one.seen == [b"fact"])
        await two.until(lambda: two.seen == [b"fact"])
        assert other.seen == []

    async def test_events_of_one_key_arrive_in_order_and_one_at_a_time(self, bus: Bus) -> None:
        recorder = Recorder()
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        expected = [b"%d" % number for number in range(30)]
        for envelope in expected:
            await publish(bus, "same", envelope)
        await recorder.until(lambda: len(recorder.seen) == len(expected))
        assert recorder.seen == expected
        assert recorder.most == 1

    async def test_a_key_that_waits_does_not_hold_up_another(self, bus: Bus) -> None:
        held, recorder = Recorder(), Recorder()
        held.gate.clear()

        async def deliver(envelope: bytes) -> None:
            await (held if envelope.startswith(b"slow") else recorder).deliver(envelope)

        await bus.consume(Consumer("a:One.on", "test.v1", deliver))
        slow = asyncio.create_task(publish(bus, "slow", b"slow"))
        await held.until(lambda: held.running == 1)
        await publish(bus, "quick", b"quick")
        await recorder.until(lambda: recorder.seen == [b"quick"])
        assert held.seen == []
        held.gate.set()
        await ended(slow)
        await held.until(lambda: held.seen == [b"slow"])

    async def test_an_event_that_was_not_taken_is_delivered_again(self, bus: Bus) -> None:
        recorder = Recorder()
        recorder.failures = 2
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        await publish(bus, "k", b"again")
        await recorder.until(lambda: b"again" in recorder.seen)

    async def test_a_bus_without_memory_accepts_only_what_was_acknowledged(self, bus: Bus) -> None:
        if bus.durable:
            pytest.skip("a durable bus keeps the event itself")
        recorder = Recorder()
        recorder.gate.clear()
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        publishing = asyncio.create_task(bus.publish("test.v1", "k", "e1", b"fact"))
        await recorder.until(lambda: recorder.running == 1)
        assert not publishing.done()
        recorder.gate.set()
        await ended(publishing)
        assert recorder.seen == [b"fact"]


class TestStopping:
    """An orderly stop."""

    async def test_what_runs_ends_before_the_bus_is_closed(self, bus: Bus) -> None:
        recorder = Recorder()
        recorder.gate.clear()
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        publishing = asyncio.create_task(publish(bus, "k", b"fact"))
        await recorder.until(lambda: recorder.running == 1)
        stopping = asyncio.create_task(bus.stop(LIMIT))
        await asyncio.sleep(0)
        recorder.gate.set()
        await ended(stopping)
        assert recorder.seen == [b"fact"]
        await ended(publishing)

    async def test_a_stop_does_not_wait_longer_than_its_deadline(self, bus: Bus) -> None:
        recorder = Recorder()
        recorder.gate.clear()
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        publishing = asyncio.create_task(bus.publish("test.v1", "k", "e1", b"fact"))
        await recorder.until(lambda: recorder.running == 1)
        async with asyncio.timeout(LIMIT):
            await bus.stop(0.05)
        assert recorder.seen == []
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)

    async def test_a_stopped_bus_takes_no_event(self, bus: Bus) -> None:
        recorder = Recorder()
        await bus.consume(Consumer("a:One.on", "test.v1", recorder.deliver))
        await bus.stop(1.0)
        with pytest.raises(Unavailable):
            await bus.publish("test.v1", "k", "e1", b"fact")
        assert recorder.seen == []

    async def test_a_handler_that_is_ending_may_still_ask(self, bus: Bus) -> None:
        recorder = Recorder()
        recorder.gate.clear()
        answers: list[bytes] = []

        async def inner(payload: bytes, header: str) -> bytes:
            return b"yes"

        async def deliver(envelope: bytes) -> None:
            await recorder.deliver(envelope)
            answers.append(await bus.ask("ask.test.v1.Inner", b"", "", 2.0))

        await bus.serve("ask.test.v1.Inner", inner)
        await bus.consume(Consumer("a:One.on", "test.v1", deliver))
        publishing = asyncio.create_task(publish(bus, "k", b"fact"))
        await recorder.until(lambda: recorder.running == 1)
        stopping = asyncio.create_task(bus.stop(LIMIT))
        await asyncio.sleep(0)
        recorder.gate.set()
        await ended(stopping, publishing)
        assert answers == [b"yes"]
