"""Every user with every subject of JetStream and of ours: what is not stated here is refused."""

from collections.abc import Iterable, Iterator

import pytest

from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName, consumer_name
from tests.runtime.adapters.bus.nats.users.guarded import PROCESSES, USERS, Guarded

pytestmark = pytest.mark.server

HOSTS = {
    "people": {"user"},
    "learning": {"course"},
    "learning-2": {"course"},
    "money": {"payment"},
    "gateway": set[str](),
    "administrator": set[str](),
}
ASKS = {
    "people": {"user"},
    "learning": {"course", "user"},
    "learning-2": {"course", "user"},
    "money": {"payment", "course", "user"},
}
REACTIONS = [
    ("course", "course:Departures.user_deleted", "colonnade.user.UserDeleted.v1"),
    ("user", "user:KnownCourses.course_created", "colonnade.course.CourseCreated.v1"),
    ("user", "user:KnownCourses.course_updated", "colonnade.course.CourseUpdated.v1"),
    ("user", "user:KnownCourses.course_published", "colonnade.course.CoursePublished.v1"),
    ("user", "user:KnownCourses.course_unpublished", "colonnade.course.CourseUnpublished.v1"),
    ("user", "user:KnownCourses.course_deleted", "colonnade.course.CourseDeleted.v1"),
    ("user", "user:KnownCourses.instructor_added", "colonnade.course.InstructorAdded.v1"),
    ("user", "user:KnownCourses.instructor_removed", "colonnade.course.InstructorRemoved.v1"),
    ("payment", "payment:Departures.user_deleted", "colonnade.user.UserDeleted.v1"),
    ("payment", "payment:Teaching.instructor_added", "colonnade.course.InstructorAdded.v1"),
    ("payment", "payment:Teaching.instructor_removed", "colonnade.course.InstructorRemoved.v1"),
]
SERVICES = ("user", "course", "payment")
STREAMS = ("evt_user", "evt_course", "evt_payment", "evt_advisories")

# The rest of JetStream's API, version 2.12: `jetstream_api.go` of the server.
OF_THE_SERVER = (
    "STREAM.NAMES",
    "STREAM.LIST",
    "STREAM.TEMPLATE.CREATE.t",
    "STREAM.TEMPLATE.NAMES",
    "STREAM.TEMPLATE.INFO.t",
    "STREAM.TEMPLATE.DELETE.t",
    "STREAM.CREATE.spy",
    "STREAM.CREATE.evt_other",
    "META.LEADER.STEPDOWN",
    "SERVER.REMOVE",
    "ACCOUNT.PURGE.a",
    "ACCOUNT.STREAM.MOVE.a.s",
    "ACCOUNT.STREAM.CANCEL_MOVE.a.s",
)
OF_A_STREAM = (
    "STREAM.CREATE",
    "STREAM.UPDATE",
    "STREAM.INFO",
    "STREAM.DELETE",
    "STREAM.PURGE",
    "STREAM.SNAPSHOT",
    "STREAM.RESTORE",
    "STREAM.MSG.DELETE",
    "STREAM.MSG.GET",
    "STREAM.PEER.REMOVE",
    "STREAM.LEADER.STEPDOWN",
    "DIRECT.GET",
    "CONSUMER.CREATE",
    "CONSUMER.NAMES",
    "CONSUMER.LIST",
)
OF_A_CONSUMER = (
    "CONSUMER.CREATE",
    "CONSUMER.DURABLE.CREATE",
    "CONSUMER.INFO",
    "CONSUMER.DELETE",
    "CONSUMER.PAUSE",
    "CONSUMER.RESET",
    "CONSUMER.UNPIN",
    "CONSUMER.LEADER.STEPDOWN",
    "CONSUMER.MSG.NEXT",
)


def consumers() -> list[tuple[str, str, EventName]]:
    """Service, name and event of each consumer."""
    events = [(service, name, EventName.of(event)) for service, name, event in REACTIONS]
    return [(service, consumer_name(name, event), event) for service, name, event in events]


def published() -> Iterator[str]:
    """Every subject that may be worth publishing to."""
    yield "$JS.API.INFO"
    yield from (f"$JS.API.{act}" for act in OF_THE_SERVER)
    yield from (f"$JS.API.{act}.{stream}" for act in OF_A_STREAM for stream in STREAMS)
    yield from (f"$JS.API.DIRECT.GET.evt_{name}.evt.{name}.a.b.c.D-v1" for name in SERVICES)
    names = [(event.stream, name) for _, name, event in consumers()]
    every = [*names, *((stream, "mine") for stream in STREAMS)]
    for stream, name in every:
        yield from (f"$JS.API.{act}.{stream}.{name}" for act in OF_A_CONSUMER)
        yield f"$JS.API.CONSUMER.CREATE.{stream}.{name}.evt.>"
        yield f"$JS.ACK.{stream}.{name}.1.1.1.1.0"
        yield f"$JS.ACK._.account.{stream}.{name}.1.1.1.1.0.x"
        yield f"$JS.ACK.{stream}.{name}.{stream}.{name}.1.1.0"
        yield f"$JS.FC.{stream}.{name}.x"
    for stream, name in names:
        for _, _, event in consumers():
            yield f"$JS.API.CONSUMER.CREATE.{stream}.{name}.{event.filter}"
    yield "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.evt_user.x"
    yield "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.evt_user.x"
    yield from ("$SYS.REQ.SERVER.PING", "$KV.a.b", "$O.a.M.b", "anything", "evt", "ask")
    for service in (*SERVICES, "other"):
        yield f"ask.{service}.v1.Anything"
        yield f"evt.{service}.acme.a.1.Anything-v1"
        yield from (f"$SRV.{verb}.{service}" for verb in ("PING", "INFO", "STATS"))
    yield from (f"here.{process}" for process in PROCESSES)
    yield from (f"_INBOX.{user}.a.b" for user in (*USERS, "stranger"))


def may_publish(user: str) -> set[str]:
    """Statement of the documented page, and nothing else."""
    found = {"$JS.API.INFO"}
    if user == "administrator":
        acts = ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.INFO")
        return found | {f"$JS.API.{act}.{stream}" for act in acts for stream in STREAMS}
    found.add("$JS.API.STREAM.INFO.evt_advisories")
    for service, name, event in consumers():
        if service in HOSTS[user]:
            stream = event.stream
            found |= {
                f"$JS.API.STREAM.INFO.{stream}",
                f"$JS.API.CONSUMER.CREATE.{stream}.{name}.{event.filter}",
                f"$JS.API.CONSUMER.INFO.{stream}.{name}",
                f"$JS.API.CONSUMER.UNPIN.{stream}.{name}",
                f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}",
                f"$JS.ACK.{stream}.{name}.1.1.1.1.0",
                f"$JS.ACK.{stream}.{name}.{stream}.{name}.1.1.0",
                f"$JS.ACK._.account.{stream}.{name}.1.1.1.1.0.x",
            }
    for service in HOSTS[user]:
        found |= {f"$JS.API.STREAM.INFO.evt_{service}", f"evt.{service}.acme.a.1.Anything-v1"}
    if HOSTS[user]:
        found.add(f"here.{user}")
    for service in ASKS.get(user, ()):
        found |= {f"ask.{service}.v1.Anything", f"$SRV.PING.{service}"}
    # Whoever asks it gets an answer.
    return found | {f"_INBOX.{other}.a.b" for other in ASKS if ASKS[other] & HOSTS[user]}


def subscribed() -> Iterator[str]:
    """Every subject that may be worth hearing."""
    yield from (">", "*", "*.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "$SYS.>")
    yield from ("ask.>", "evt.>", "here.>", "_INBOX.>", "_INBOX.*.>", "_INBOX.*", "$SRV.>")
    for service in (*SERVICES, "other"):
        yield from (f"ask.{service}.>", f"ask.{service}.v1.Anything", f"evt.{service}.>")
        for verb in ("PING", "INFO", "STATS"):
            yield from (f"$SRV.{verb}.{service}", f"$SRV.{verb}.{service}.id")
    yield from (f"$SRV.{verb}" for verb in ("PING", "INFO", "STATS"))
    yield from (f"here.{process}" for process in PROCESSES)
    yield from (f"_INBOX.{user}.>" for user in (*USERS, "stranger"))


def may_hear(user: str) -> set[str]:
    """Statement of the documented page, and nothing else."""
    found = {f"_INBOX.{user}.>"}
    if user == "gateway":
        found |= {"here.>", *(f"here.{process}" for process in PROCESSES)}
    for service in HOSTS[user]:
        found |= {f"ask.{service}.>", f"ask.{service}.v1.Anything"}
        for verb in ("PING", "INFO", "STATS"):
            found |= {f"$SRV.{verb}", f"$SRV.{verb}.{service}", f"$SRV.{verb}.{service}.id"}
    return found


async def allowed(guarded: Guarded, user: str, verb: str, subjects: Iterable[str]) -> set[str]:
    """Subjects among `subjects` that the server lets a user publish or subscribe to."""
    refused: set[str] = set()
    prefix = f'permissions violation for {verb} to "'

    async def note(error: Exception) -> None:
        text = str(error)
        place = text.lower().find(prefix)
        assert place >= 0, text
        refused.add(text[place + len(prefix) :].partition('"')[0].lower())

    # The server says what it refuses before it answers a ping. The library writes its ping ahead
    # of what is still buffered, so only the second answer says anything.
    tried = list(dict.fromkeys(subjects))
    client = await guarded.client(user, error_cb=note)
    async with client:
        for each in tried:
            if verb == "publish":
                # No reply subject: what is allowed does nothing that anybody waits for.
                await client.publish(each, b"")
            else:
                await client.subscribe(each)
        await client.flush(10)
        await client.flush(10)
    assert refused <= {each.lower() for each in tried}
    return {each for each in tried if each.lower() not in refused}


@pytest.mark.parametrize("user", USERS)
async def test_a_user_publishes_what_is_stated_and_nothing_else(ready: Guarded, user: str) -> None:
    found = await allowed(ready, user, "publish", published())
    assert found == may_publish(user)
    assert may_publish(user) <= set(published())


@pytest.mark.parametrize("user", USERS)
async def test_a_user_hears_what_is_stated_and_nothing_else(ready: Guarded, user: str) -> None:
    assert await allowed(ready, user, "subscription", subscribed()) == may_hear(user)


async def test_no_user_gives_itself_a_right_by_way_of_a_reply_subject(ready: Guarded) -> None:
    """A user with `allow_responses` could: it asks itself, and answers where it likes."""
    for user in ("people", "learning", "money"):
        service = next(iter(HOSTS[user]))
        async with await ready.client(user, error_cb=_ignored) as client:
            heard = await client.subscribe(f"ask.{service}.v1.Mine")
            for target in ("$JS.API.STREAM.DELETE.evt_course", "evt.other.a.b.c.D-v1"):
                await client.publish(f"ask.{service}.v1.Mine", b"", reply=target)
                message = await heard.next_msg(5)
                assert message.reply == target
                await client.publish(target, b"{}")
            await client.flush(5)
    assert "evt_course" in await ready.streams()


async def _ignored(error: Exception) -> None:
    return None
