"""How people want to be told: what they may choose, and that it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from mail_servers import Mailbox, mail_server
from notification_house import LIMIT, House

from colonnade.errors import ValidationFailed
from colonnade.identifiers import new_id
from colonnade_course.api import EnrollmentActivated
from colonnade_notification.api import (
    Category,
    DescribeUnsubscription,
    GetPreferences,
    LinkExpired,
    MandatoryCategory,
    Mode,
    Preferences,
    UnknownToken,
    Unsubscribe,
    UpdatePreferences,
)
from colonnade_user.api import SessionEnd, SessionEnded, UserDeleted

VIENNA = ZoneInfo("Europe/Vienna")


@asynccontextmanager
async def house_with_mail(folder: Path) -> AsyncIterator[tuple[House, Mailbox]]:
    async with (
        mail_server(Mailbox()) as mailbox,
        House(folder, {"mail": {"url": mailbox.url}}).running() as house,
    ):
        yield house, mailbox


async def choose(house: House, person: UUID, **chosen: object) -> Preferences:
    answer = await house.ask(person, UpdatePreferences.model_validate(chosen))
    assert isinstance(answer, Preferences)
    return answer


async def enrol(house: House, person: UUID, title: str = "Python") -> None:
    course = house.course(title)
    await house.publish(
        EnrollmentActivated(
            enrollment_id=new_id(), course_id=course, user_id=person, status="active", sequence=1
        )
    )


async def test_who_never_chose_is_told_at_once_in_the_academys_language(house: House) -> None:
    found = await house.ask(house.person(), GetPreferences())
    assert (found.locale, found.timezone, found.quiet_hours) == ("en", "Europe/Berlin", None)
    assert {mode for modes in found.channels.values() for mode in modes.values()} == {
        Mode.IMMEDIATELY
    }
    assert found.mandatory == [Category.SECURITY, Category.RECEIPTS]


async def test_what_is_not_given_stays_and_null_goes_back(house: House) -> None:
    ada = house.person()
    quiet = {"start": "22:00", "end": "07:00"}
    await choose(house, ada, locale="de-AT", timezone="Europe/Vienna", quiet_hours=quiet)
    found = await choose(house, ada, channels={"email": {"learning": "weekly"}})
    assert (found.locale, found.timezone) == ("de-AT", "Europe/Vienna")
    assert found.quiet_hours is not None
    assert found.channels["email"][Category.LEARNING] is Mode.WEEKLY
    back = await choose(house, ada, locale=None, quiet_hours=None)
    assert (back.locale, back.quiet_hours, back.timezone) == ("en", None, "Europe/Vienna")
    assert back.version > found.version


@pytest.mark.parametrize("channel", ["email", "in_app"])
@pytest.mark.parametrize("category", ["security", "receipts"])
@pytest.mark.parametrize("mode", ["off", "daily", "weekly"])
async def test_what_is_mandatory_cannot_be_turned_off_or_put_off(
    house: House, channel: str, category: str, mode: str
) -> None:
    with pytest.raises(MandatoryCategory):
        await choose(house, house.person(), channels={channel: {category: mode}})


@pytest.mark.parametrize(
    ("channels", "pointer"),
    [
        ({"pigeon": {"learning": "off"}}, "/channels/pigeon"),
        ({"push": {"learning": "daily"}}, "/channels/push/learning"),
    ],
)
async def test_what_there_is_not_cannot_be_chosen(
    house: House, channels: object, pointer: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await choose(house, house.person(), channels=channels)
    assert [item.pointer for item in refused.value.fields] == [pointer]


async def test_what_is_turned_off_is_not_written(house: House) -> None:
    ada = house.person()
    await choose(house, ada, channels={"email": {"account": "off"}, "in_app": {"account": "off"}})
    await house.welcome(ada)
    assert await house.rows() == []


async def test_what_is_turned_off_while_it_waits_does_not_go_out(house: House) -> None:
    ada = house.person()
    await choose(house, ada, timezone="UTC", quiet_hours=around(house.clock.now()))
    await house.welcome(ada)
    await house.becomes("pending")
    await choose(house, ada, channels={"email": {"account": "off"}})
    house.forward(hours=3)
    [row] = await house.becomes("suppressed")
    assert row.problem == "Its recipient turned this off."


async def test_mail_waits_for_the_end_of_quiet_hours_and_the_app_does_not(house: House) -> None:
    ada = house.person()
    now = house.clock.now()
    await choose(house, ada, timezone="UTC", quiet_hours=around(now))
    await house.welcome(ada)
    assert [row.status for row in await house.rows("in_app")] == ["sent"]
    [waiting] = await house.becomes("pending")
    assert timedelta() < waiting.due_at - now <= timedelta(hours=2, minutes=1)
    house.forward(hours=3)
    [sent] = await house.becomes("sent")
    assert sent.attempts == 1


async def test_quiet_hours_that_were_chosen_meanwhile_hold(house: House) -> None:
    ada = house.person()
    first = around(house.clock.now())
    await choose(house, ada, timezone="UTC", quiet_hours=first)
    await house.welcome(ada)
    [before] = await house.becomes("pending")
    await choose(house, ada, quiet_hours=around(house.clock.now() + timedelta(hours=3)))
    house.forward(hours=3)
    async with asyncio.timeout(LIMIT):
        while (await house.rows("email"))[0].due_at == before.due_at:
            await asyncio.sleep(0.01)
    await house.becomes("pending")
    house.forward(hours=3)
    await house.becomes("sent")


async def test_security_does_not_wait(house: House) -> None:
    ada = house.person()
    await choose(house, ada, timezone="UTC", quiet_hours=around(house.clock.now()))
    ended = SessionEnded(user_id=ada, session_id=new_id(), reason=SessionEnd.TOKEN_REUSED)
    await house.publish(ended)
    [row] = await house.becomes("sent")
    assert row.kind == "session_stolen"


async def test_a_digest_takes_along_what_waited_and_goes_out_once(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await choose(
            house,
            ada,
            timezone="Europe/Vienna",
            digest={"hour": 8},
            channels={"email": {"learning": "daily"}},
        )
        for title in ("Python", "Open Science"):
            await enrol(house, ada, title)
        held = await house.becomes("held", count=2)
        assert mailbox.taken == []
        [due] = {row.due_at for row in held}
        assert due.astimezone(VIENNA).hour == 8
        house.forward(hours=25)
        await house.becomes("sent", count=3)
        [letter] = await mailbox.takes(1)
        [digest] = [row for row in await house.rows("email") if row.kind == "digest"]
    assert letter["Subject"] == "News from Acme Academy"
    assert letter["Message-ID"] == digest.message_id
    [text, _] = letter.iter_parts()
    content = text.get_content()
    assert content.index("Python") < content.index("Open Science")
    assert "you are enrolled in" in content


async def test_a_digest_says_how_much_more_there_is(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await choose(house, ada, channels={"email": {"account": "daily"}})
        await asyncio.gather(*(house.welcome(ada) for _ in range(103)))
        await house.becomes("held", count=103)
        house.forward(hours=25)
        await house.becomes("sent", count=104)
        [letter] = await mailbox.takes(1)
    content = next(letter.iter_parts()).get_content()
    assert content.count("Welcome to Acme Academy") == 100
    assert "… and 3 more." in content


async def test_what_comes_after_a_digest_waits_for_the_next(house: House) -> None:
    ada = house.person()
    await choose(house, ada, channels={"email": {"learning": "daily"}})
    await enrol(house, ada)
    house.forward(hours=25)
    await house.becomes("sent", count=2)
    await enrol(house, ada)
    [held] = await house.becomes("held")
    assert held.due_at > house.clock.now()
    house.forward(hours=25)
    sent = await house.becomes("sent", count=4)
    assert sorted(row.kind for row in sent) == [
        "digest", "digest", "enrollment_activated", "enrollment_activated"
    ]  # fmt: skip


async def test_a_digest_of_nothing_is_not_sent(house: House) -> None:
    ada = house.person()
    await choose(house, ada, channels={"email": {"learning": "weekly"}})
    await enrol(house, ada)
    await house.becomes("held")
    await choose(house, ada, channels={"email": {"learning": "off"}})
    house.forward(days=8)
    rows = await house.becomes("suppressed", count=2)
    assert {row.kind for row in rows} == {"digest", "enrollment_activated"}
    assert not list((house.folder / "var").rglob("*.eml"))


async def token_of(house: House, mailbox: Mailbox, count: int = 1) -> str:
    letter = (await mailbox.takes(count))[-1]
    return str(letter["List-Unsubscribe"]).strip("<>").rpartition("/")[2]


async def test_leaving_by_the_link_turns_off_one_category_for_two_months(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await enrol(house, ada)
        token = await token_of(house, mailbox)
        await house.ask(None, DescribeUnsubscription(token=token))
        before = await house.ask(ada, GetPreferences())
        assert before.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY
        house.clock.ahead += timedelta(days=59)
        for _ in range(2):
            await house.ask(None, Unsubscribe(token=token))
        after = await house.ask(ada, GetPreferences())
        assert after.channels["email"][Category.LEARNING] is Mode.OFF
        assert after.channels["email"][Category.ACCOUNT] is Mode.IMMEDIATELY
        assert after.channels["in_app"][Category.LEARNING] is Mode.IMMEDIATELY


async def test_mail_that_cannot_be_turned_off_carries_no_such_link(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        ended = SessionEnded(user_id=ada, session_id=new_id(), reason=SessionEnd.TOKEN_REUSED)
        await house.publish(ended)
        [letter] = await mailbox.takes(1)
    assert letter["List-Unsubscribe"] is None
    assert letter["List-Unsubscribe-Post"] is None


async def test_leaving_by_the_link_of_a_digest_turns_off_what_comes_in_digests(
    tmp_path: Path,
) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await choose(house, ada, channels={"email": {"learning": "daily"}})
        await enrol(house, ada)
        house.forward(hours=25)
        await house.ask(None, Unsubscribe(token=await token_of(house, mailbox)))
        after = await house.ask(ada, GetPreferences())
    assert after.channels["email"][Category.LEARNING] is Mode.OFF
    assert after.channels["email"][Category.TEACHING] is Mode.IMMEDIATELY


async def test_a_link_that_is_too_old_says_what_to_do(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await enrol(house, ada)
        token = await token_of(house, mailbox)
        house.clock.ahead += timedelta(days=61)
        for request in (DescribeUnsubscription(token=token), Unsubscribe(token=token)):
            with pytest.raises(LinkExpired, match="Sign in and turn the messages off"):
                await house.ask(None, request)
        after = await house.ask(ada, GetPreferences())
        assert after.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY


async def test_a_link_that_was_changed_is_none(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await enrol(house, ada)
        token = await token_of(house, mailbox)
        for place in range(len(token) - 1):
            changed = "A" if token[place] != "A" else "B"
            with pytest.raises(UnknownToken):
                await house.ask(
                    None, Unsubscribe(token=token[:place] + changed + token[place + 1 :])
                )


async def test_a_link_of_somebody_who_is_gone_changes_nothing(tmp_path: Path) -> None:
    async with house_with_mail(tmp_path) as (house, mailbox):
        ada = house.person()
        await enrol(house, ada)
        token = await token_of(house, mailbox)
        await house.publish(UserDeleted(user_id=ada))
        await house.ask(None, Unsubscribe(token=token))


def around(moment: datetime) -> dict[str, str]:
    """Quiet hours from an hour before to two hours after, by the clock in UTC."""
    start, end = moment - timedelta(hours=1), moment + timedelta(hours=2)
    return {"start": f"{start.astimezone(UTC):%H:%M}", "end": f"{end.astimezone(UTC):%H:%M}"}
