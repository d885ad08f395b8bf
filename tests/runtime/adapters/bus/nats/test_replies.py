"""Answers go to inboxes, whatever a question says, and come from where nobody can guess."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import nats
import pytest
from nats.aio.msg import Msg

from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.testing.servers import RunningServer

MakeBus = Callable[..., Awaitable[NatsBus]]
ECHO = "ask.course.v1.Echo"
ELSEWHERE = (
    "evt.course.acme.a.1.Made-v1",
    "ask.payment.v1.Pay",
    "$JS.API.STREAM.DELETE.evt_course",
    "here.web",
    "anything",
    "_INBOX",
    "_INBOXES.a",
)

pytestmark = pytest.mark.server


@pytest.mark.parametrize("asked", [ECHO, "$SRV.PING.course", "$SRV.INFO", "$SRV.STATS.course"])
@pytest.mark.parametrize("reply", ELSEWHERE)
async def test_a_question_that_wants_its_answer_elsewhere_gets_none(
    server: RunningServer, make_bus: MakeBus, asked: str, reply: str
) -> None:
    bus = await make_bus("web")
    handled: list[bytes] = []
    heard: list[bytes] = []

    async def echo(payload: bytes, header: str) -> bytes:
        handled.append(payload)
        return payload

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    await bus.serve(ECHO, echo)
    async with await nats.connect(server.url) as client:
        await client.subscribe(reply, cb=hear)
        await client.publish(asked, b"question", reply=reply)
        # What comes after it on the same connections was handled after it.
        assert (await client.request(asked, b"ordinary", 5)).data
        await asyncio.sleep(0)
        await bus.connection.arrived()
        await client.flush(5)
        await client.flush(5)
    assert heard == []
    assert b"question" not in handled


async def test_what_jetstream_delivers_is_no_question(
    server: RunningServer, make_bus: MakeBus
) -> None:
    """A user who may ask JetStream can direct a stored message wherever it likes."""
    bus = await make_bus("web")
    handled: list[bytes] = []

    async def echo(payload: bytes, header: str) -> bytes:
        handled.append(payload)
        return payload

    await bus.serve(ECHO, echo)
    await bus.publish("colonnade.course.Made.v1", "acme/course/1", "e1", b"stored")
    async with await nats.connect(server.url) as client:
        config = {"durable_name": "own", "ack_policy": "explicit", "ack_wait": 10**9}
        body = json.dumps({"stream_name": "evt_course", "config": config}).encode()
        made = await client.request("$JS.API.CONSUMER.DURABLE.CREATE.evt_course.own", body, 5)
        assert "error" not in json.loads(made.data)
        for target in (ECHO, "$SRV.PING.course"):
            pull = "$JS.API.CONSUMER.MSG.NEXT.evt_course.own"
            await client.publish(pull, b'{"batch": 1}', reply=target)
            assert (await client.request(ECHO, b"ordinary", 5)).data == b"ordinary"
        info = await client.request("$JS.API.CONSUMER.INFO.evt_course.own", b"", 5)
    assert handled == [b"ordinary"] * 2
    # Answering at the acknowledgement's subject would have settled it.
    assert json.loads(info.data)["ack_floor"]["stream_seq"] == 0


async def test_where_answers_are_waited_for_cannot_be_guessed_from_others(
    make_bus: MakeBus, server: RunningServer
) -> None:
    asking = await make_bus("asking")
    replies: list[str] = []

    async def note(message: Msg) -> None:
        replies.append(message.reply)
        await message.respond(b"+{}")

    async with await nats.connect(server.url) as client:
        await client.subscribe(ECHO, cb=note)
        await client.flush(5)
        for _ in range(50):
            await asking.ask(ECHO, b"", "", 5.0)
    tokens = [reply.rpartition(".")[2] for reply in replies]
    assert all(reply.startswith("_INBOX.asking.") for reply in replies)
    assert len(set(tokens)) == 50
    # 128 bits each, with nothing in common at any place.
    assert {len(each) for each in tokens} == {22}
    for place in range(21):
        assert len({each[place] for each in tokens}) > 10


async def test_a_second_answer_and_one_that_nobody_waits_for_are_dropped(
    make_bus: MakeBus, server: RunningServer
) -> None:
    asking = await make_bus("asking")
    replies: list[str] = []

    async def twice(message: Msg) -> None:
        replies.append(message.reply)
        for answer in (b"first", b"second"):
            await message.respond(answer)

    async with await nats.connect(server.url) as client:
        await client.subscribe(ECHO, cb=twice)
        await client.flush(5)
        assert await asking.ask(ECHO, b"", "", 5.0) == b"first"
        await client.publish(replies[0], b"late")
        await client.flush(5)
        assert await asking.ask(ECHO, b"", "", 5.0) == b"first"
    assert asking.connection.asked == {}
