"""Operations over NATS: shared by processes, visible to NATS's own tools, and never too large."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import nats
import pytest

from colonnade.errors import ColonnadeError, ContentTooLarge, Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.client_library import CONTEXT_HEADER
from colonnade_runtime.adapters.bus.nats.operations.responder import PARALLEL
from colonnade_runtime.testing.servers import RunningServer

MakeBus = Callable[..., Awaitable[NatsBus]]
ECHO = "ask.course.v1.Echo"

pytestmark = pytest.mark.server


async def echo(payload: bytes, header: str) -> bytes:
    return payload


async def asked(server: RunningServer, subject: str) -> dict[str, object]:
    async with await nats.connect(server.url) as client:
        answer = await client.request(subject, b"", timeout=5)
    found: dict[str, object] = json.loads(answer.data)
    return found


async def test_two_processes_share_the_questions(make_bus: MakeBus) -> None:
    """Each question is answered once, by either."""
    counts = {"web-1": 0, "web-2": 0}
    buses = [await make_bus(name) for name in counts]
    for name, bus in zip(counts, buses, strict=True):

        async def answer(payload: bytes, header: str, name: str = name) -> bytes:
            counts[name] += 1
            return payload

        await bus.serve(ECHO, answer)
    await asyncio.gather(*(bus.connection.client.flush() for bus in buses))
    questions = [b"%d" % number for number in range(100)]
    asking = await make_bus("asking")
    answers = await asyncio.gather(*(asking.ask(ECHO, each, "", 5.0) for each in questions))
    assert answers == questions
    assert sum(counts.values()) == 100
    assert min(counts.values()) > 0


async def test_ping_info_and_stats_answer_for_the_service(
    server: RunningServer, make_bus: MakeBus
) -> None:
    bus = await make_bus("web")
    await bus.serve(ECHO, echo)
    await (await make_bus("asking")).ask(ECHO, b"1", "", 5.0)
    assert (await asked(server, "$SRV.PING.course"))["metadata"] == {"process": "web"}
    info = await asked(server, "$SRV.INFO.course")
    assert info["version"] == "1.0.0"
    assert [endpoint["subject"] for endpoint in info["endpoints"]] == [ECHO]  # type: ignore[attr-defined]
    stats = await asked(server, "$SRV.STATS.course")
    assert stats["endpoints"][0]["data"]["answered"] == 1  # type: ignore[index]


async def test_a_question_that_is_too_large_is_refused_unsent(make_bus: MakeBus) -> None:
    """Placement decides nothing: a service in this process is asked alike."""
    bus = await make_bus("hosting")
    await bus.serve(ECHO, echo)
    for asking in (bus, await make_bus("asking")):
        with pytest.raises(ContentTooLarge, match="max_payload"):
            await asking.ask(ECHO, b"x" * 2**20, "", 5.0)


async def test_an_answer_that_is_too_large_is_said(make_bus: MakeBus) -> None:
    bus = await make_bus("hosting")

    async def large(payload: bytes, header: str) -> bytes:
        return b"x" * 2**21

    await bus.serve("ask.course.v1.Large", large)
    for asking in (bus, await make_bus("asking")):
        with pytest.raises(ContentTooLarge, match="2097152 bytes"):
            await asking.ask("ask.course.v1.Large", b"", "", 5.0)


async def test_what_this_process_serves_needs_no_server(
    server: RunningServer, make_bus: MakeBus
) -> None:
    bus = await make_bus()
    await bus.serve(ECHO, echo)
    server.kill()
    assert await bus.ask(ECHO, b"here", "", 5.0) == b"here"


async def test_an_event_that_is_too_large_names_the_setting(make_bus: MakeBus) -> None:
    bus = await make_bus()
    with pytest.raises(ContentTooLarge, match="raise max_payload"):
        await bus.publish("colonnade.course.Made.v1", "acme/course/1", "e1", b"x" * 2**20)


async def test_questions_that_wait_are_answered_before_the_end(make_bus: MakeBus) -> None:
    """A stop takes no more and drops none."""
    bus, other = await make_bus("web-1"), await make_bus("web-2")
    gate, begun = asyncio.Event(), asyncio.Event()

    async def slow(payload: bytes, header: str) -> bytes:
        begun.set()
        await gate.wait()
        return payload

    await bus.serve(ECHO, slow)
    await bus.connection.client.flush()
    asking = [asyncio.create_task(other.ask(ECHO, b"%d" % n, "", 5.0)) for n in range(20)]
    await begun.wait()
    stopping = asyncio.create_task(bus.stop(5.0))
    await asyncio.sleep(0)
    gate.set()
    await stopping
    assert await asyncio.gather(*asking) == [b"%d" % n for n in range(20)]
    with pytest.raises(ColonnadeError):
        await other.ask(ECHO, b"late", "", 1.0)


async def test_a_contract_of_another_major_is_named_with_who_offers_it(make_bus: MakeBus) -> None:
    await (await make_bus("learning")).serve("ask.course.v2.Echo", echo)
    asking = await make_bus("money")
    with pytest.raises(Unavailable) as caught:
        await asking.ask(ECHO, b"1", "", 5.0)
    assert (
        "asks for major v1 of 'course', and the process 'learning' offers v2"
        in caught.value.message
    )


async def test_an_operation_that_an_older_release_does_not_know_is_named(
    make_bus: MakeBus,
) -> None:
    await (await make_bus("learning")).serve(ECHO, echo)
    asking = await make_bus("money")
    with pytest.raises(Unavailable, match="'learning' hosts 'course' and does not know Newer"):
        await asking.ask("ask.course.v1.Newer", b"1", "", 5.0)


async def test_a_service_that_is_away_is_not_explained_away(make_bus: MakeBus) -> None:
    asking = await make_bus("money")
    with pytest.raises(Unavailable) as caught:
        await asking.ask(ECHO, b"1", "", 5.0)
    assert caught.value.message == f"Nobody serves '{ECHO}' at the moment."


async def test_more_questions_than_are_answered_at_once_wait_their_turn_and_count(
    server: RunningServer, make_bus: MakeBus
) -> None:
    bus, asking = await make_bus("web"), await make_bus("asking")
    running, most, full = 0, 0, asyncio.Event()
    gate = asyncio.Event()

    async def slow(payload: bytes, header: str) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == PARALLEL:
            full.set()
        await gate.wait()
        running -= 1
        return payload

    await bus.serve(ECHO, slow)
    questions = [b"%d" % number for number in range(PARALLEL + 88)]
    answers = [asyncio.create_task(asking.ask(ECHO, each, "", 20.0)) for each in questions]
    async with asyncio.timeout(20):
        await full.wait()
    gate.set()
    assert await asyncio.gather(*answers) == questions
    assert most == PARALLEL
    endpoints = (await asked(server, "$SRV.STATS.course"))["endpoints"]
    assert [each["num_requests"] for each in endpoints] == [len(questions)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "header", ["", "v2.body.seal", "ä ö", "two\r\nlines: and another", " around "]
)
async def test_a_header_arrives_as_the_library_sends_it(make_bus: MakeBus, header: str) -> None:
    """Whether a message was sent at once or by the library, and read by it or at once."""
    heard: list[str] = []

    async def note(payload: bytes, header: str) -> bytes:
        heard.append(header)
        return payload

    await (await make_bus("web")).serve(ECHO, note)
    asking = await make_bus("asking")
    await asking.ask(ECHO, b"", header, 5.0)
    client = asking.connection.client
    headers = {CONTEXT_HEADER: header} if header else None
    await client.request(ECHO, b"", 5.0, headers=headers)
    assert heard[0] == heard[1]
