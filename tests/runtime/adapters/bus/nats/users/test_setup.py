"""Streams are made and changed by an administrator, and one that somebody changed is refused."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import CapturingLogger

from colonnade.bus import Consumer
from colonnade.errors import ConfigurationError, Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.events.streams import ForeignStream, foreign
from tests.runtime.adapters.bus.nats.users.guarded import Guarded

pytestmark = pytest.mark.server

MakeUserBus = Callable[..., NatsBus]
EVENT = "colonnade.course.InstructorAdded.v1"

BY_OTHERS: dict[str, dict[str, Any]] = {
    "republish": {"republish": {"src": ">", "dest": "spied.>"}},
    "subjects": {"subjects": ["evt.course.>", "spied.>"]},
    "subjects of questions": {"subjects": ["evt.course.>", "ask.payment.>"]},
    "sources": {"sources": [{"name": "evt_user"}]},
    "a transform": {"subject_transform": {"src": "evt.course.>", "dest": "evt.course.>"}},
    "roll-ups": {"allow_rollup_hdrs": True},
    "a bound of messages": {"max_msgs": 1},
    "a bound of each subject": {"max_msgs_per_subject": 1},
    "a bound of size": {"max_msg_size": 1000},
    "no acknowledgement": {"no_ack": True},
    "new ones are refused": {"discard": "new"},
}


async def change(guarded: Guarded, stream: str, **changed: Any) -> None:
    """Change a stream as the administrator, or whoever has that password."""
    found = (await guarded.streams())[stream]
    async with await guarded.client("administrator") as client:
        body = json.dumps(found | changed).encode()
        answer = await client.request(f"$JS.API.STREAM.UPDATE.{stream}", body, 5)
    assert "error" not in json.loads(answer.data), answer.data


async def setup(guarded: Guarded, *arguments: str) -> tuple[int, dict[str, str]]:
    """The exit code and what became of each stream."""
    run = ("setup", "--format", "json", *arguments)
    done = await asyncio.to_thread(guarded.command, *run)
    return done.exit_code, {row["stream"]: row["state"] for row in json.loads(done.stdout)}


async def test_the_command_makes_what_is_missing_and_changes_nothing_twice(
    guarded: Guarded,
) -> None:
    code, found = await setup(guarded)
    assert (code, set(found.values())) == (0, {"made"})
    assert set(found) == set(await guarded.streams())
    before = await guarded.streams()
    code, found = await setup(guarded)
    assert (code, set(found.values())) == (0, {"ours"})
    assert await guarded.streams() == before


async def test_the_command_follows_the_declaration_and_leaves_what_operators_chose(
    ready: Guarded,
) -> None:
    await change(ready, "evt_course", description="Mine.", compression="s2")
    text = ready.platform.read_text("utf-8")
    port = f"{ready.server.port}"
    ready.platform.write_text(text.replace(port, f"{port}?max_age=2d"), "utf-8")
    code, found = await setup(ready)
    assert (code, set(found.values())) == (0, {"changed"})
    streams = await ready.streams()
    assert {each["max_age"] for each in streams.values()} == {2 * 86400 * 10**9}
    course = streams["evt_course"]
    assert (course["description"], course["compression"]) == ("Mine.", "s2")


@pytest.mark.parametrize("changed", BY_OTHERS.values(), ids=BY_OTHERS)
async def test_a_stream_that_somebody_changed_is_refused_at_start_and_by_the_command(
    ready: Guarded, bus_of: MakeUserBus, changed: dict[str, Any]
) -> None:
    await change(ready, "evt_course", **changed)
    publishing, hearing = bus_of("learning"), bus_of("money")
    await publishing.start()
    await hearing.start()

    async def echo(payload: bytes, header: str) -> bytes:
        return payload

    async def never(envelope: bytes) -> None:
        raise AssertionError(envelope)

    key = next(iter(changed))
    with pytest.raises(ForeignStream, match=f"evt_course.*{key} is"):
        await publishing.serve("ask.course.v1.Read", echo)
    with pytest.raises(ConfigurationError, match="nats setup --repair"):
        await hearing.consume(Consumer("payment:Teaching.instructor_added", EVENT, never))
    with pytest.raises(Unavailable, match=key):
        await publishing.publish(EVENT, "acme/course/1", "e1", b"{}")
    assert key in (await publishing.check() or "")
    code, found = await setup(ready)
    assert (code, found["evt_course"], found["evt_user"]) == (1, "foreign", "ours")
    code, found = await setup(ready, "--repair")
    assert (code, found["evt_course"]) == (0, "repaired")
    await publishing.publish(EVENT, "acme/course/1", "e1", b"{}")
    assert await publishing.check() is None


async def test_the_advisories_are_looked_at_as_well(ready: Guarded, bus_of: MakeUserBus) -> None:
    await change(ready, "evt_advisories", subjects=["spied.>"])
    with pytest.raises(ForeignStream, match="evt_advisories"):
        await bus_of("people").start()


async def test_a_stream_changed_while_it_is_read_is_read_no_more_until_it_is_repaired(
    ready: Guarded, buses: dict[str, NatsBus], said: CapturingLogger
) -> None:
    seen: asyncio.Queue[bytes] = asyncio.Queue()
    await buses["money"].consume(Consumer("payment:Teaching.instructor_added", EVENT, seen.put))
    await change(ready, "evt_course", republish={"src": ">", "dest": "spied.>"})
    for bus in buses.values():
        bus.begin_anew()
    async with asyncio.timeout(10):
        while "republish" not in (await buses["money"].check() or ""):
            await asyncio.sleep(0.02)
    assert any("events cannot be fetched" in str(call) for call in said.calls)
    assert (await setup(ready, "--repair"))[0] == 0
    await buses["learning"].publish(EVENT, "acme/course/1", "e1", b"fact")
    async with asyncio.timeout(10):
        assert await seen.get() == b"fact"


async def test_without_its_streams_a_process_waits_and_says_what_to_do(
    guarded: Guarded, bus_of: MakeUserBus
) -> None:
    bus = bus_of("people")
    with pytest.raises(Unavailable, match="run colonnade nats setup"):
        await bus.start()
    assert (await setup(guarded))[0] == 0
    await bus.start()
    await bus.publish("colonnade.user.UserDeleted.v1", "acme/user/1", "e1", b"{}")


async def test_with_the_administrators_password_a_start_makes_them(
    guarded: Guarded, bus_of: MakeUserBus, said: CapturingLogger
) -> None:
    bus = bus_of("people", administrator="of-administrator")
    await bus.start()
    await bus.publish("colonnade.user.UserDeleted.v1", "acme/user/1", "e1", b"{}")
    assert set(await guarded.streams()) == {"evt_advisories", "evt_user"}
    assert "permissions violation" not in str(said.calls).lower()


async def test_a_wrong_password_of_the_administrator_is_a_sentence(
    guarded: Guarded, bus_of: MakeUserBus
) -> None:
    with pytest.raises(Unavailable, match="Authorization") as refused:
        await bus_of("people", administrator="guessed").start()
    assert "guessed" not in refused.value.message


async def test_streams_of_the_release_before_are_taken_over(
    guarded: Guarded, bus_of: MakeUserBus
) -> None:
    """Streams of that release were made by the processes, and their events name no predecessor."""
    async with await guarded.client("administrator") as client:
        for name, subjects in (("evt_course", ["evt.course.>"]), ("evt_user", ["evt.user.>"])):
            earlier = {
                "name": name,
                "subjects": subjects,
                "retention": "limits",
                "storage": "file",
                "discard": "old",
                "max_age": 7 * 86400 * 10**9,
                "duplicate_window": 120 * 10**9,
                "num_replicas": 1,
                "allow_direct": True,
                "max_consumers": -1,
                "max_msgs": -1,
                "max_bytes": -1,
            }
            body = json.dumps(earlier).encode()
            await client.request(f"$JS.API.STREAM.CREATE.{name}", body, 5)
    async with await guarded.client("learning") as client:
        subject = "evt.course.acme.course.1.InstructorAdded-v1"
        await client.request(subject, b"earlier", 5, headers={"Nats-Msg-Id": "e0"})
    code, found = await setup(guarded)
    assert (code, found["evt_course"], found["evt_payment"]) == (0, "ours", "made")
    publishing, hearing = bus_of("learning"), bus_of("money")
    await publishing.start()
    await hearing.start()
    await publishing.publish(EVENT, "acme/course/1", "e1", b"later")
    seen: asyncio.Queue[bytes] = asyncio.Queue()
    await hearing.consume(Consumer("payment:Teaching.instructor_added", EVENT, seen.put))
    async with asyncio.timeout(30):
        assert [await seen.get(), await seen.get()] == [b"earlier", b"later"]


async def test_the_command_says_when_the_bus_needs_no_streams(guarded: Guarded) -> None:
    text = guarded.platform.read_text("utf-8")
    before, _, rest = text.partition("bus:\n")
    guarded.platform.write_text(
        before + "bus: 'memory:'\n" + rest.partition("env:NATS_PASSWORD}\n")[2]
    )
    done = await asyncio.to_thread(guarded.command, "setup")
    assert done.exit_code == 1
    assert "memory:" in done.output


@pytest.mark.parametrize("value", [True, 1, "x", ["y"], {"z": 1}])
def test_what_is_not_known_yet_counts_as_foreign_unless_it_is_off(value: object) -> None:
    wanted = {"name": "evt_course", "subjects": ["evt.course.>"]}
    assert foreign(wanted | {"invented_later": value}, wanted)
    for off in (False, None, 0, -1, "", "none", [], {}):
        assert foreign(wanted | {"invented_later": off}, wanted) == ()
