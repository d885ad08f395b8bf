"""How people want to be told: what they may choose, and that it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from mail_servers import Mailbox, mail_server
from notification_bench import NotificationBench

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
async def bench_with_mail() -> AsyncIterator[tuple[NotificationBench, Mailbox]]:
    async with (
        mail_server(Mailbox()) as mailbox,
        NotificationBench({"mail": {"url": mailbox.url}}) as bench,
    ):
        yield bench, mailbox


async def choose(bench: NotificationBench, person: UUID, **chosen: object) -> Preferences:
    answer = await bench.ask_as(person, UpdatePreferences.model_validate(chosen))
    assert isinstance(answer, Preferences)
    return answer


async def enrol(bench: NotificationBench, person: UUID, title: str = "Python") -> None:
    course = bench.course(title)
    await bench.deliver(
        EnrollmentActivated(
            enrollment_id=new_id(), course_id=course, user_id=person, status="active", sequence=1
        )
    )


async def test_who_never_chose_is_told_at_once_in_the_academys_language(
    bench: NotificationBench,
) -> None:
    found = await bench.ask_as(bench.account(), GetPreferences())
    assert (found.locale, found.timezone, found.quiet_hours) == ("en", "Europe/Berlin", None)
    assert {mode for modes in found.channels.values() for mode in modes.values()} == {
        Mode.IMMEDIATELY
    }
    assert found.mandatory == [Category.SECURITY, Category.RECEIPTS]


async def test_what_is_not_given_stays_and_null_goes_back(bench: NotificationBench) -> None:
    ada = bench.account()
    quiet = {"start": "22:00", "end": "07:00"}
    await choose(bench, ada, locale="de-AT", timezone="Europe/Vienna", quiet_hours=quiet)
    found = await choose(bench, ada, channels={"email": {"learning": "weekly"}})
    assert (found.locale, found.timezone) == ("de-AT", "Europe/Vienna")
    assert found.quiet_hours is not None
    assert found.channels["email"][Category.LEARNING] is Mode.WEEKLY
    back = await choose(bench, ada, locale=None, quiet_hours=None)
    assert (back.locale, back.quiet_hours, back.timezone) == ("en", None, "Europe/Vienna")
    assert back.version > found.version


@pytest.mark.parametrize("channel", ["email", "in_app"])
@pytest.mark.parametrize("category", ["security", "receipts"])
@pytest.mark.parametrize("mode", ["off", "daily", "weekly"])
async def test_what_is_mandatory_cannot_be_turned_off_or_put_off(
    bench: NotificationBench, channel: str, category: str, mode: str
) -> None:
    with pytest.raises(MandatoryCategory):
        await choose(bench, bench.account(), channels={channel: {category: mode}})


@pytest.mark.parametrize(
    ("channels", "pointer"),
    [
        ({"pigeon": {"learning": "off"}}, "/channels/pigeon"),
        ({"push": {"learning": "daily"}}, "/channels/push/learning"),
    ],
)
async def test_what_there_is_not_cannot_be_chosen(
    bench: NotificationBench, channels: object, pointer: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await choose(bench, bench.account(), channels=channels)
    assert [item.pointer for item in refused.value.fields] == [pointer]


async def test_what_is_turned_off_is_not_written(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, channels={"email": {"account": "off"}, "in_app": {"account": "off"}})
    await bench.welcome(ada)
    assert await bench.rows() == []


async def test_what_is_turned_off_while_it_waits_does_not_go_out(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, timezone="UTC", quiet_hours=around(bench.clock.now()))
    await bench.welcome(ada)
    await bench.becomes("pending")
    await choose(bench, ada, channels={"email": {"account": "off"}})
    bench.clock.advance(hours=3)
    [row] = await bench.becomes("suppressed")
    assert row.problem == "Its recipient turned this off."


async def test_mail_waits_for_the_end_of_quiet_hours_and_the_app_does_not(
    bench: NotificationBench,
) -> None:
    ada = bench.account()
    now = bench.clock.now()
    await choose(bench, ada, timezone="UTC", quiet_hours=around(now))
    await bench.welcome(ada)
    assert [row.status for row in await bench.rows("in_app")] == ["sent"]
    [waiting] = await bench.becomes("pending")
    assert timedelta() < waiting.due_at - now <= timedelta(hours=2, minutes=1)
    bench.clock.advance(hours=3)
    [sent] = await bench.becomes("sent")
    assert sent.attempts == 1


async def test_quiet_hours_that_were_chosen_meanwhile_hold(bench: NotificationBench) -> None:
    ada = bench.account()
    first = around(bench.clock.now())
    await choose(bench, ada, timezone="UTC", quiet_hours=first)
    await bench.welcome(ada)
    [before] = await bench.becomes("pending")
    await choose(bench, ada, quiet_hours=around(bench.clock.now() + timedelta(hours=3)))
    bench.clock.advance(hours=3)

    async def put_off() -> bool:
        return (await bench.rows("email"))[0].due_at != before.due_at

    await bench.until(put_off)
    await bench.becomes("pending")
    bench.clock.advance(hours=3)
    await bench.becomes("sent")


async def test_security_does_not_wait(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, timezone="UTC", quiet_hours=around(bench.clock.now()))
    ended = SessionEnded(user_id=ada, session_id=new_id(), reason=SessionEnd.TOKEN_REUSED)
    await bench.deliver(ended)
    [row] = await bench.becomes("sent")
    assert row.kind == "session_stolen"


async def test_a_digest_takes_along_what_waited_and_goes_out_once() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await choose(
            bench,
            ada,
            timezone="Europe/Vienna",
            digest={"hour": 8},
            channels={"email": {"learning": "daily"}},
        )
        for title in ("Python", "Open Science"):
            await enrol(bench, ada, title)
        held = await bench.becomes("held", count=2)
        assert mailbox.taken == []
        [due] = {row.due_at for row in held}
        assert due.astimezone(VIENNA).hour == 8
        bench.clock.advance(hours=25)
        await bench.becomes("sent", count=3)
        [letter] = await mailbox.takes(1)
        [digest] = [row for row in await bench.rows("email") if row.kind == "digest"]
    assert letter["Subject"] == "News from Acme Academy"
    assert letter["Message-ID"] == digest.message_id
    [text, _] = letter.iter_parts()
    content = text.get_content()
    assert content.index("Python") < content.index("Open Science")
    assert "you are enrolled in" in content


async def test_a_digest_says_how_much_more_there_is() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await choose(bench, ada, channels={"email": {"account": "daily"}})
        await asyncio.gather(*(bench.welcome(ada) for _ in range(103)))
        await bench.becomes("held", count=103)
        bench.clock.advance(hours=25)
        await bench.becomes("sent", count=104)
        [letter] = await mailbox.takes(1)
    content = next(letter.iter_parts()).get_content()
    assert content.count("Welcome to Acme Academy") == 100
    assert "… and 3 more." in content


async def test_what_comes_after_a_digest_waits_for_the_next(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, channels={"email": {"learning": "daily"}})
    await enrol(bench, ada)
    bench.clock.advance(hours=25)
    await bench.becomes("sent", count=2)
    await enrol(bench, ada)
    [held] = await bench.becomes("held")
    assert held.due_at > bench.clock.now()
    bench.clock.advance(hours=25)
    sent = await bench.becomes("sent", count=4)
    assert sorted(row.kind for row in sent) == [
        "digest", "digest", "enrollment_activated", "enrollment_activated"
    ]  # fmt: skip


async def test_a_digest_of_nothing_is_not_sent(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, channels={"email": {"learning": "weekly"}})
    await enrol(bench, ada)
    await bench.becomes("held")
    await choose(bench, ada, channels={"email": {"learning": "off"}})
    bench.clock.advance(days=8)
    rows = await bench.becomes("suppressed", count=2)
    assert {row.kind for row in rows} == {"digest", "enrollment_activated"}
    assert not list((bench.folder / "var").rglob("*.eml"))


async def token_of(bench: NotificationBench, mailbox: Mailbox, count: int = 1) -> str:
    letter = (await mailbox.takes(count))[-1]
    return str(letter["List-Unsubscribe"]).strip("<>").rpartition("/")[2]


async def test_leaving_by_the_link_turns_off_one_category_for_two_months() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await enrol(bench, ada)
        token = await token_of(bench, mailbox)
        await bench.ask_as(None, DescribeUnsubscription(token=token))
        before = await bench.ask_as(ada, GetPreferences())
        assert before.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY
        bench.clock.advance(days=59)
        for _ in range(2):
            await bench.ask_as(None, Unsubscribe(token=token))
        after = await bench.ask_as(ada, GetPreferences())
        assert after.channels["email"][Category.LEARNING] is Mode.OFF
        assert after.channels["email"][Category.ACCOUNT] is Mode.IMMEDIATELY
        assert after.channels["in_app"][Category.LEARNING] is Mode.IMMEDIATELY


async def test_mail_that_cannot_be_turned_off_carries_no_such_link() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        ended = SessionEnded(user_id=ada, session_id=new_id(), reason=SessionEnd.TOKEN_REUSED)
        await bench.deliver(ended)
        [letter] = await mailbox.takes(1)
    assert letter["List-Unsubscribe"] is None
    assert letter["List-Unsubscribe-Post"] is None


async def test_leaving_by_the_link_of_a_digest_turns_off_what_comes_in_digests() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await choose(bench, ada, channels={"email": {"learning": "daily"}})
        await enrol(bench, ada)
        bench.clock.advance(hours=25)
        await bench.ask_as(None, Unsubscribe(token=await token_of(bench, mailbox)))
        after = await bench.ask_as(ada, GetPreferences())
    assert after.channels["email"][Category.LEARNING] is Mode.OFF
    assert after.channels["email"][Category.TEACHING] is Mode.IMMEDIATELY


async def test_a_link_that_is_too_old_says_what_to_do() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await enrol(bench, ada)
        token = await token_of(bench, mailbox)
        bench.clock.advance(days=61)
        for request in (DescribeUnsubscription(token=token), Unsubscribe(token=token)):
            with pytest.raises(LinkExpired, match="Sign in and turn the messages off"):
                await bench.ask_as(None, request)
        after = await bench.ask_as(ada, GetPreferences())
        assert after.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY


async def test_a_link_that_was_changed_is_none() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await enrol(bench, ada)
        token = await token_of(bench, mailbox)
        for place in range(len(token) - 1):
            changed = "A" if token[place] != "A" else "B"
            with pytest.raises(UnknownToken):
                await bench.ask_as(
                    None, Unsubscribe(token=token[:place] + changed + token[place + 1 :])
                )


async def test_a_link_of_somebody_who_is_gone_changes_nothing() -> None:
    async with bench_with_mail() as (bench, mailbox):
        ada = bench.account()
        await enrol(bench, ada)
        token = await token_of(bench, mailbox)
        await bench.deliver(UserDeleted(user_id=ada))
        await bench.ask_as(None, Unsubscribe(token=token))


def around(moment: datetime) -> dict[str, str]:
    """Quiet hours from an hour before to two hours after, by the clock in UTC."""
    start, end = moment - timedelta(hours=1), moment + timedelta(hours=2)
    return {"start": f"{start.astimezone(UTC):%H:%M}", "end": f"{end.astimezone(UTC):%H:%M}"}
