"""Mail to an address that nobody has confirmed carries no text of whoever typed it in."""

import quopri
from pathlib import Path
from uuid import UUID

from notification_house import TENANT, House
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


async def announced(house: House, person: UUID) -> dict[str, bytes]:
    """A mail of every kind, as it was written."""
    words = FilledTemplate("en", "", "", None, "")

    def work(session: Session) -> None:
        for kind in BY_EVENT:
            facts = {"happened_at": "2026-03-01T17:30:00+00:00", **KINDS[kind].sample}
            said = Announcement(new_id(), person, KINDS[kind], facts, words, "", "acme.example")
            record(session, said, [MAIL], TENANT)

    await house.run(work)
    house.work.wake("acme")
    sent = await house.becomes("sent", count=len(BY_EVENT))
    return {row.kind: letter(house, row.id) for row in sent}


def letter(house: House, identifier: UUID) -> bytes:
    return Path(house.folder / f"var/mail/acme/{identifier}.eml").read_bytes()


def readable(raw: bytes) -> str:
    """Every octet of a mail, and what its encodings hide."""
    return raw.decode() + quopri.decodestring(raw).decode("utf-8", "replace")


async def test_no_kind_of_mail_carries_the_name_that_was_typed_with_the_address(
    house: House,
) -> None:
    person = house.person(PILLS, ADDRESS, verified=False)

    for kind, raw in (await announced(house, person)).items():
        assert "Pills" not in readable(raw), kind
        assert "buy.example" not in readable(raw), kind
        assert mailboxes_of(fields_of(raw)["To"]) == [("", ADDRESS)], kind
        assert f"{ADDRESS}," in readable(raw), kind


async def test_whoever_confirmed_their_address_is_called_by_name(house: House) -> None:
    person = house.person("Grace Hopper", ADDRESS)

    for kind, raw in (await announced(house, person)).items():
        assert "Grace Hopper," in readable(raw), kind
        assert mailboxes_of(fields_of(raw)["To"]) == [("Grace Hopper", ADDRESS)], kind


async def test_templates_of_the_academy_and_digests_carry_it_neither(house: House) -> None:
    template = PutTemplate(
        kind="welcome", locale="en", subject="Hi {{ person.name }}",
        text="Hi {{ person.name }}", html="<p>{{ person.name }}</p>",
    )  # fmt: skip
    await house.ask(house.person("Olga"), template)
    assert await house.run(lambda session: custom_templates(session, "welcome"))
    person = house.person(PILLS, ADDRESS, verified=False)
    daily = {"channels": {"email": {"learning": "daily"}}}
    await house.ask(person, UpdatePreferences.model_validate(daily))

    await house.welcome(person)
    [welcome] = await house.becomes("sent")
    enrolled = EnrollmentActivated(
        enrollment_id=new_id(), course_id=house.course(), user_id=person, status="active",
        sequence=1,
    )  # fmt: skip
    await house.publish(enrolled)
    house.forward(days=2)
    rows = await house.becomes("sent", count=3)

    digest = next(row for row in rows if row.kind == DIGEST)
    for raw in (letter(house, welcome.id), letter(house, digest.id)):
        assert "Pills" not in readable(raw)
        assert ADDRESS in readable(raw)


async def test_in_the_app_people_are_called_as_they_call_themselves(house: House) -> None:
    await house.welcome(house.person("Grace Hopper", ADDRESS, verified=False))

    [row] = await house.rows("in_app")
    assert "Hello Grace Hopper" in row.body
