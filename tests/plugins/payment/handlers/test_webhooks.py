"""Webhooks: whatever comes, however often and in whatever order, the books are the same."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from payment_academy import PROVIDER, Academy
from sqlalchemy import select

from colonnade.errors import NotFound
from colonnade.money import Money
from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderRecord,
    ReceiveWebhook,
    WebhookSignature,
    WebhookUnreadable,
)
from colonnade_payment.models import NoticeRow
from colonnade_payment.providers.signatures import signature_of
from colonnade_payment.sandbox.file import Act
from colonnade_payment.sandbox.webhooks import signed_webhook

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def books(academy: Academy, payment: object) -> tuple[str, list[str], int]:
    after = await academy.payment(payment.id)
    kinds = [journal.kind for journal in await academy.journals(payment)]
    return after.status, kinds, after.refunded.amount


def by_provider(act: Act, action: ProviderAction, amount: int) -> Act:
    """Make an act of the provider's own, for the payment of `act`."""
    reference = f"own_{uuid4().hex}"
    record = ProviderRecord(
        action, Outcome.SUCCEEDED, reference, Money(amount=amount, currency="EUR")
    )
    return replace(act, key=f"dashboard-{reference}", record=record)


async def deliver(academy: Academy, acts: Sequence[Act]) -> None:
    for act in acts:
        await academy.webhook(act)


async def test_what_is_known_already_changes_nothing_in_any_order(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    await academy.refunded(payment, 100)
    before = await books(academy, payment)
    acts = await academy.acts(payment)
    assert len(acts) == 3
    for order in itertools.permutations(acts):
        await deliver(academy, [*order, *order])
    assert await books(academy, payment) == before


async def test_a_late_capture_of_another_amount_is_not_booked_as_the_price(
    academy: Academy,
) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_declined")
    [declined] = await academy.acts(payment)
    for amount in (payment.amount.amount - 1, payment.amount.amount + 1):
        await academy.webhook(by_provider(declined, ProviderAction.CAPTURE, amount))
    assert await books(academy, payment) == ("declined", [], 0)
    notes = await academy.read(
        lambda session: session.scalars(
            select(NoticeRow.effect).where(NoticeRow.effect.startswith("impossible_capture"))
        ).all()
    )
    assert len(notes) == 2


async def test_a_refund_by_the_provider_is_booked_once(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    refund = by_provider((await academy.acts(payment))[0], ProviderAction.REFUND, 900)
    await deliver(academy, [refund, refund])
    assert await books(academy, payment) == ("partially_refunded", ["refund", "capture"], 900)
    [booked] = await academy.refunds(payment)
    assert (booked.status, booked.amount.amount) == ("succeeded", 900)


async def test_a_full_refund_by_the_provider_ends_the_enrolment(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    refund = by_provider((await academy.acts(payment))[0], ProviderAction.REFUND, 4900)
    await academy.webhook(refund)

    async def has_ended() -> bool:
        return [item.status for item in await academy.enrollments(payment)] == ["ended"]

    from payment_academy import until

    await until(has_ended)


async def test_more_than_was_captured_is_never_booked(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    first = (await academy.acts(payment))[0]
    too_much = by_provider(first, ProviderAction.REFUND, 4901)
    await academy.webhook(too_much)
    assert await books(academy, payment) == ("captured", ["capture"], 0)


async def test_a_late_capture_is_booked_and_given_back_once(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_lost")
    assert payment.status == "canceled"
    authorized = (await academy.acts(payment))[0]
    target = authorized.record.reference
    late = replace(
        await capture_at_the_provider(academy, payment, target), key=f"{payment.id}:capture"
    )
    await deliver(academy, [late, late])
    [refund] = await academy.refunds(payment)
    await academy.idle(refund.id)
    assert await books(academy, payment) == ("refunded", ["refund", "capture"], 4900)
    await deliver(academy, await academy.acts(payment))
    assert await books(academy, payment) == ("refunded", ["refund", "capture"], 4900)


async def capture_at_the_provider(academy: Academy, payment: object, target: str) -> Act:
    """The lost capture, arriving at the provider after all."""
    from colonnade_payment.api import ProviderRequest

    request = ProviderRequest(
        ProviderAction.CAPTURE,
        f"{payment.id}:capture",
        "acme",
        str(payment.id),
        payment.amount,
        reference=target,
    )
    record = ProviderRecord(
        ProviderAction.CAPTURE, Outcome.SUCCEEDED, f"cap_{uuid4().hex}", payment.amount
    )
    return academy.sandbox.add(request, "tok_ok", record, 0.0, 0.0)


async def test_a_payment_of_nobody_is_taken_and_forgotten(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    act = (await academy.acts(payment))[0]
    await academy.webhook(replace(act, payment=str(uuid4())))


async def test_an_unknown_provider_is_like_nothing(academy: Academy) -> None:
    with pytest.raises(NotFound):
        await academy.ask(PROVIDER, ReceiveWebhook(provider="nobody", headers={}, body="{}"))


async def test_unsigned_and_replayed_webhooks_are_refused(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    act = (await academy.acts(payment))[0]
    now = datetime.now(UTC)
    headers, body = signed_webhook(academy.sandbox.secret(), act, now.replace(year=now.year - 1))
    for given, text in (
        ({}, body.decode()),
        (headers, body.decode()),
        (signed_webhook("another secret", act, now)[0], body.decode()),
        (signed_webhook(academy.sandbox.secret(), act, now)[0], body.decode() + " "),
    ):
        with pytest.raises(WebhookSignature):
            await academy.ask(
                PROVIDER, ReceiveWebhook(provider="sandbox", headers=given, body=text)
            )


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"type":"capture"}', "\x00", "NaN", "{" * 999])
async def test_signed_nonsense_is_a_bad_request(academy: Academy, body: str) -> None:
    timestamp = int(datetime.now(UTC).timestamp())
    signature = signature_of(academy.sandbox.secret(), "evt_x", timestamp, body.encode())
    headers = {
        "webhook-id": "evt_x",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    with pytest.raises(WebhookUnreadable):
        await academy.ask(PROVIDER, ReceiveWebhook(provider="sandbox", headers=headers, body=body))


async def test_a_webhook_says_what_happened_and_nothing_of_the_buyer(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    _, body = signed_webhook("secret", (await academy.acts(payment))[0], datetime.now(UTC))
    assert str(payment.user_id) not in body.decode()
    assert json.loads(body)["payment"] == str(payment.id)
