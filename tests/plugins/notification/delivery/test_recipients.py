"""Mail to an address that nobody has confirmed carries no text of whoever typed it in."""

import quopri
from uuid import UUID

from notification_bench import NotificationBench
from raw_mail import fields_of, mailboxes_of

from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_course.api import EnrollmentActivated
from colonnade_notification.api import ChannelInfo, PutTemplate, UpdatePreferences
from colonnade_notification.delivery.recording import Announcement, record
from colonnade_notification.wording.kinds import DIGEST, KINDS
from colonnade_notification.wording.rendering import custom_templates
from colonnade_notification.wording.templates import FilledTemplate

PILLS = "Pills at buy.example"
ADDRESS = "grace@people.example"
BY_EVENT = [name for name, kind in KINDS.items() if not kind.confirms and name != DIGEST]
MAIL = ChannelInfo(name="email", mandatory=True, digests=True)


async def announced(bench: NotificationBench, person: UUID) -> dict[str, bytes]:
    """A mail of every kind, as it was written."""
    words = FilledTemplate("en", "", "", None, "")

    def work(session: Session) -> None:
        for kind in BY_EVENT:
            facts = {"happened_at": "2026-03-01T17:30:00+00:00", **KINDS[kind].sample}
            said = Announcement(new_id(), person, KINDS[kind], facts, words, "", "acme.example")
            record(session, said, [MAIL], bench.service_context().tenant())

    await bench.run(work)
    bench.background().wake("acme")
    sent = await bench.becomes("sent", count=len(BY_EVENT))
    return {row.kind: letter(bench, row.id) for row in sent}


def letter(bench: NotificationBench, identifier: UUID) -> bytes:
    return bench.mail(identifier).read_bytes()


def readable(raw: bytes) -> str:
    """Every octet of a mail, and what its encodings hide."""
    return raw.decode() + quopri.decodestring(raw).decode("utf-8", "replace")


async def test_no_kind_of_mail_carries_the_name_that_was_typed_with_the_address(
    bench: NotificationBench,
) -> None:
    person = bench.account(PILLS, ADDRESS, verified=False)

    for kind, raw in (await announced(bench, person)).items():
        assert "Pills" not in readable(raw), kind
        assert "buy.example" not in readable(raw), kind
        assert mailboxes_of(fields_of(raw)["To"]) == [("", ADDRESS)], kind
        assert f"{ADDRESS}," in readable(raw), kind


async def test_whoever_confirmed_their_address_is_called_by_name(bench: NotificationBench) -> None:
    person = bench.account("Grace Hopper", ADDRESS)

    for kind, raw in (await announced(bench, person)).items():
        assert "Grace Hopper," in readable(raw), kind
        assert mailboxes_of(fields_of(raw)["To"]) == [("Grace Hopper", ADDRESS)], kind


async def test_templates_of_the_academy_and_digests_carry_it_neither(
    bench: NotificationBench,
) -> None:
    template = PutTemplate(
        kind="welcome", locale="en", subject="Hi {{ person.name }}",
        text="Hi {{ person.name }}", html="<p>{{ person.name }}</p>",
    )  # fmt: skip
    await bench.ask_as(bench.owner(), template)
    assert await bench.run(lambda session: custom_templates(session, "welcome"))
    person = bench.account(PILLS, ADDRESS, verified=False)
    daily = {"channels": {"email": {"learning": "daily"}}}
    await bench.ask_as(person, UpdatePreferences.model_validate(daily))

    await bench.welcome(person)
    [welcome] = await bench.becomes("sent")
    enrolled = EnrollmentActivated(
        enrollment_id=new_id(), course_id=bench.course(), user_id=person, status="active",
        sequence=1,
    )  # fmt: skip
    await bench.deliver(enrolled)
    bench.clock.advance(days=2)
    rows = await bench.becomes("sent", count=3)

    digest = next(row for row in rows if row.kind == DIGEST)
    for raw in (letter(bench, welcome.id), letter(bench, digest.id)):
        assert "Pills" not in readable(raw)
        assert ADDRESS in readable(raw)


async def test_in_the_app_people_are_called_as_they_call_themselves(
    bench: NotificationBench,
) -> None:
    await bench.welcome(bench.account("Grace Hopper", ADDRESS, verified=False))

    [row] = await bench.rows("in_app")
    assert "Hello Grace Hopper" in row.body
