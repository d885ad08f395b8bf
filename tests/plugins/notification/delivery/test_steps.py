"""From events to rows to messages: once per event, recipient and channel."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notification_bench import NotificationBench
from sqlalchemy import func, select

from colonnade.context import current_context
from colonnade.identifiers import new_id
from colonnade.money import Money
from colonnade_course.api import EnrollmentActivated, EnrollmentEnded
from colonnade_notification.api import (
    ChannelInfo,
    DeliveryOutcome,
    ListDeliveries,
    ListNotifications,
    NotFailed,
    OutgoingMessage,
    Postponed,
    Refused,
    RetryDelivery,
    Sent,
    UpdatePreferences,
)
from colonnade_notification.models import ErasedRow, NotificationRow
from colonnade_payment.api import PaymentCanceled, PaymentCaptured
from colonnade_user.api import PasswordChanged, SessionEnd, SessionEnded, UserDeleted


class Postcards:
    """A third party's channel: keeps what it was given, and answers as it is told."""

    def __init__(self, *answers: DeliveryOutcome | Exception) -> None:
        self.info = ChannelInfo(name="postcard", seconds=0.5)
        self.answers = list(answers)
        self.given: list[OutgoingMessage] = []
        self.tenants: set[str] = set()

    async def reaches(self, user_id: UUID) -> bool:
        return True

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        self.given.append(message)
        self.tenants.add(current_context().tenant)
        answer = self.answers.pop(0) if self.answers else Sent()
        if isinstance(answer, TimeoutError):
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


def enrolled(person: UUID, course: UUID) -> EnrollmentActivated:
    return EnrollmentActivated(
        enrollment_id=new_id(),
        course_id=course,
        user_id=person,
        status="active",
        sequence=1,
    )


async def test_an_event_becomes_one_message_on_each_channel(bench: NotificationBench) -> None:
    ada = bench.account()
    await bench.welcome(ada)
    [mail] = await bench.becomes("sent")
    assert bench.mail(mail.id).is_file()
    assert mail.message_id == f"<{mail.id}@acme.localhost>"
    assert [row.channel for row in await bench.rows()] == ["in_app", "email"]


async def test_an_event_that_comes_again_changes_nothing(bench: NotificationBench) -> None:
    ada, event_id = bench.account(), new_id()
    await asyncio.gather(*(bench.welcome(ada, event_id) for _ in range(5)))
    await bench.becomes("sent")
    assert len(await bench.rows()) == 2


async def test_a_third_partys_channel_is_one_like_ours() -> None:
    postcards = Postcards()
    async with NotificationBench(channels=[postcards]) as bench:
        ada = bench.account()
        await bench.welcome(ada)
        await bench.becomes("sent", "postcard")
        [message] = postcards.given
        assert (message.subject, message.recipient.name) == ("Welcome to Acme Academy", "Ada")
        assert postcards.tenants == {"acme"}


async def test_what_does_not_get_through_is_tried_again_under_the_same_id() -> None:
    postcards = Postcards(Postponed("rain"), TimeoutError(), ValueError("a bug"))
    async with NotificationBench(channels=[postcards]) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("sent", "postcard")
        assert (row.attempts, row.problem) == (4, None)
    assert len({message.message_id for message in postcards.given}) == 1
    assert [message.attempt for message in postcards.given] == [1, 2, 3, 4]


async def test_what_never_gets_through_is_a_dead_letter_that_can_be_sent_again() -> None:
    postcards = Postcards(*[Postponed("rain")] * 4)
    async with NotificationBench(channels=[postcards]) as bench:
        ada, owner = bench.account(), bench.owner()
        await bench.welcome(ada)
        [row] = await bench.becomes("failed", "postcard")
        page = await bench.ask_as(owner, ListDeliveries.model_validate({"status": "failed"}))
        assert [(item.id, item.problem, item.attempts) for item in page.items] == [
            (row.id, "rain", 4)
        ]
        await bench.ask_as(owner, RetryDelivery(delivery_id=row.id))
        [sent] = await bench.becomes("sent", "postcard")
        assert sent.id == row.id
        with pytest.raises(NotFailed):
            await bench.ask_as(owner, RetryDelivery(delivery_id=row.id))


async def test_what_is_refused_is_not_tried_again() -> None:
    postcards = Postcards(Refused("no such street"))
    async with NotificationBench(channels=[postcards]) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("failed", "postcard")
        assert (row.attempts, row.problem) == (1, "no such street")


async def test_a_channel_that_is_gone_leaves_a_dead_letter(tmp_path: Path) -> None:
    async with NotificationBench(channels=[Postcards(Postponed("rain"))], folder=tmp_path) as bench:
        await bench.welcome(bench.account())
        await bench.becomes("pending", "postcard")
        people = bench.people
    bench = NotificationBench(folder=tmp_path)
    bench.people = people
    async with bench:
        [row] = await bench.becomes("failed", "postcard")
        assert row.problem == "No enabled plugin has a channel 'postcard'."


async def test_nothing_is_written_to_somebody_whose_account_is_gone(
    bench: NotificationBench,
) -> None:
    ada, course = bench.account(), bench.course()
    await bench.deliver(enrolled(ada, course))
    await bench.becomes("sent")
    await bench.deliver(UserDeleted(user_id=ada))
    # The account is still there for whoever asked a moment ago.
    await bench.deliver(enrolled(ada, course))
    assert await bench.rows() == []
    count = await bench.run(
        lambda session: session.scalar(select(func.count()).select_from(ErasedRow))
    )
    assert count == 1


async def test_a_course_that_is_gone_has_no_title_and_stops_nothing(
    bench: NotificationBench,
) -> None:
    ada = bench.account()
    await bench.deliver(enrolled(ada, new_id()))
    [row] = await bench.rows("in_app")
    assert row.title == "You are enrolled in …"


async def test_only_a_copied_token_is_worth_a_warning(bench: NotificationBench) -> None:
    ada = bench.account()
    for reason in (SessionEnd.LOGOUT, SessionEnd.TOKEN_REUSED):
        await bench.deliver(SessionEnded(user_id=ada, session_id=new_id(), reason=reason))
    assert [row.kind for row in await bench.rows("in_app")] == ["session_stolen"]


async def test_a_receipt_is_written_as_its_reader_writes_money(bench: NotificationBench) -> None:
    ada, course = bench.account(), bench.course()
    await bench.ask_as(ada, UpdatePreferences(locale="de-DE"))
    price = Money(amount=4900, currency="EUR")
    nothing = Money(amount=0, currency="EUR")
    await bench.deliver(
        PaymentCaptured(
            payment_id=new_id(),
            user_id=ada,
            course_id=course,
            amount=price,
            list_price=price,
            shares=[],
            platform_fee=nothing,
            captured_at=bench.clock.now(),
            sequence=1,
        )
    )
    [row] = await bench.rows("in_app")
    assert row.title.replace("\N{NO-BREAK SPACE}", " ") == "Ihre Zahlung über 49,00 €"


EVENTS = st.lists(st.tuples(st.sampled_from(["active", "ended"]), st.integers(0, 2)), max_size=12)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(EVENTS)
async def test_in_any_order_and_number_each_event_is_told_once(
    events: list[tuple[str, int]],
) -> None:
    async with NotificationBench() as bench:
        ada, course = bench.account(), bench.course()
        ids = {event: new_id() for event in set(events)}
        facts = {
            event: enrolled(ada, course)
            if event[0] == "active"
            else EnrollmentEnded(
                enrollment_id=new_id(),
                course_id=course,
                user_id=ada,
                status="ended",
                sequence=2,
            )
            for event in ids
        }
        await asyncio.gather(
            *(bench.deliver(facts[event], event_id=ids[event]) for event in events)
        )
        rows = await bench.rows()
        assert len(rows) == 2 * len(ids)
        assert {row.source_id for row in rows} == set(ids.values())
        page = await bench.ask_as(ada, ListNotifications())
        assert len(page.items) == len(ids)
        await bench.becomes("sent", count=len(ids))


async def test_two_rows_for_one_event_recipient_and_channel_cannot_be(
    bench: NotificationBench,
) -> None:
    ada = bench.account()
    await bench.welcome(ada)
    [row] = await bench.rows("in_app")

    def again(session):  # type: ignore[no-untyped-def]
        copy = {
            column.key: getattr(row, column.key)
            for column in NotificationRow.__table__.columns
            if column.key != "id"
        }
        session.add(NotificationRow(id=new_id(), **copy))
        session.flush()

    with pytest.raises(Exception, match=r"UNIQUE|Conflict|unique"):
        await bench.run(again)


async def test_what_was_kept_for_long_enough_goes(bench: NotificationBench) -> None:
    ada = bench.account()
    await bench.welcome(ada)
    await bench.becomes("sent")
    bench.clock.advance(days=364)
    await bench.run_schedule("tidy-notifications")
    assert len(await bench.rows()) == 2
    bench.clock.advance(days=2)
    await bench.run_schedule("tidy-notifications")
    assert await bench.rows() == []


async def test_a_new_password_is_told(bench: NotificationBench) -> None:
    ada = bench.account()
    await bench.deliver(PasswordChanged(user_id=ada))
    [row] = await bench.becomes("sent")
    assert (row.kind, row.category) == ("password_changed", "security")


async def test_who_did_not_get_the_last_seat_hears_that_nothing_was_taken(
    bench: NotificationBench,
) -> None:
    ada, course = bench.account(), bench.course()
    await bench.deliver(
        PaymentCanceled(
            payment_id=new_id(),
            user_id=ada,
            course_id=course,
            amount=Money(amount=4900, currency="EUR"),
            reason="course.full",
            detail="Every seat is taken.",
            sequence=2,
        )
    )
    [row] = await bench.rows("in_app")
    assert "The reason given: Every seat is taken." in row.body
    assert "You have not been charged." in row.body
