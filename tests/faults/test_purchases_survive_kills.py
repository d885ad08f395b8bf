"""A platform that is killed at every step of a purchase and started again: one capture or none,
no enrolment without one, nothing reserved for ever, and a ledger that sums to zero."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins" / "payment" / "support"))

from payment_academy import OWNER, Academy, make_site, person, running, until

from colonnade_course.api import ListEnrollments
from colonnade_payment.api import ListPayments, Outcome, Payment, ProviderAction

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLED = -9
WHERE = [
    *(f"saga.begun:{number}" for number in (1, 3)),
    *(f"saga.acted:{number}" for number in range(1, 6)),
    *(f"saga.recorded:{number}" for number in range(1, 5)),
    *(f"sandbox.acted:{number}" for number in (1, 2)),
]
"""Before and after each of the five steps, of which the last two are recorded together, and within
the two at the provider."""

Child = Callable[[Callable[[], None], str], int]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, UUID]:
    """A stopped platform with a published course of one seat."""
    folder = tmp_path_factory.mktemp("site")
    declaration = make_site(folder)

    async def prepare() -> UUID:
        async with running(declaration) as academy:
            return (await academy.course(seats=1)).id

    return folder, asyncio.run(prepare())


def buying(folder: Path, course: UUID, method: str, ends: str) -> Callable[[], None]:
    """A process that orders, unless that was done, and ends when the purchase has, as wanted.

    The same person uses the same key each time, as a client that got no answer would.
    """

    async def main() -> None:
        async with running(folder / "platform.yaml") as academy:
            order = await academy.order(BUYER, course, method, key="the one order")
            await academy.settled(order)
            payment = await expect_consistent(academy, course)
            assert payment.status == ends, payment

    return lambda: asyncio.run(main())


BUYER = person()


async def expect_consistent(academy: Academy, course: UUID) -> Payment:
    [payment] = (await academy.ask(BUYER, ListPayments())).items
    acts = await academy.acts(payment)
    captures = [
        act
        for act in acts
        if act.record.action is ProviderAction.CAPTURE and act.record.outcome is Outcome.SUCCEEDED
    ]
    enrollments = (await academy.ask(OWNER, ListEnrollments(course_id=course))).items
    statuses = [item.status for item in enrollments]
    assert len(captures) == (payment.status == "captured")
    assert statuses == (["active"] if captures else ["ended"])
    journals = [journal.kind for journal in await academy.journals(payment)]
    assert journals == ["capture"] * len(captures)
    assert sum(item.balance.amount for item in (await academy.balances()).values()) == 0
    return payment


def die_and_go_on(
    child: Child, site: tuple[Path, UUID], place: Path, where: str, method: str, ends: str
) -> None:
    """Kill a purchase `where` it says, start again, and find it ended as wanted."""
    origin, course = site
    shutil.copytree(origin, place)
    assert child(buying(place, course, method, ends), where) == KILLED
    assert child(buying(place, course, method, ends), "") == 0


@pytest.mark.parametrize("where", WHERE)
def test_a_purchase_ends_whole_wherever_the_process_is_killed(
    tmp_path: Path, child: Child, site: tuple[Path, UUID], where: str
) -> None:
    die_and_go_on(child, site, tmp_path / "site", where, "tok_ok", "captured")


@pytest.mark.parametrize("where", ["saga.undone:1", "saga.undone:2", "saga.recorded:3"])
def test_a_purchase_that_is_undone_ends_undone(
    tmp_path: Path, child: Child, site: tuple[Path, UUID], where: str
) -> None:
    die_and_go_on(child, site, tmp_path / "site", where, "tok_capture_declined", "declined")


@pytest.mark.parametrize("where", ["saga.asked:1", "saga.asked:2", "sandbox.acted:2"])
def test_a_purchase_whose_provider_never_answers_ends_whole(
    tmp_path: Path, child: Child, site: tuple[Path, UUID], where: str
) -> None:
    die_and_go_on(child, site, tmp_path / "site", where, "tok_timeout", "captured")


REFUND_WHERE = [
    *("saga.recorded:5", "saga.acted:6", "saga.recorded:6"),
    "saga.begun:2",
    "sandbox.acted:3",
]
"""Around the only step of a refund, and within it; what comes before is the purchase's."""


def giving_back(folder: Path, course: UUID) -> Callable[[], None]:
    """A process that buys and gives everything back, each unless that was done."""

    async def main() -> None:
        async with running(folder / "platform.yaml") as academy:
            order = await academy.order(BUYER, course, key="the one order")
            payment = await academy.settled(order)
            refund = await academy.refund(payment, 4900, key="the one refund")
            await academy.idle(refund.id)
            await expect_given_back(academy, payment)

    return lambda: asyncio.run(main())


async def expect_given_back(academy: Academy, payment: Payment) -> None:
    acts = [act.record.action for act in await academy.acts(payment)]
    assert acts.count(ProviderAction.REFUND) == acts.count(ProviderAction.CAPTURE) == 1
    assert [refund.status for refund in await academy.refunds(payment)] == ["succeeded"]
    assert [journal.kind for journal in await academy.journals(payment)] == ["refund", "capture"]
    assert not any(item.balance.amount for item in (await academy.balances()).values())

    async def has_ended() -> bool:
        return [item.status for item in await academy.enrollments(payment)] == ["ended"]

    await until(has_ended)


@pytest.mark.parametrize("where", REFUND_WHERE)
def test_a_refund_is_made_once_wherever_the_process_is_killed(
    tmp_path: Path, child: Child, site: tuple[Path, UUID], where: str
) -> None:
    origin, course = site
    place = Path(shutil.copytree(origin, tmp_path / "site"))
    assert child(giving_back(place, course), where) == KILLED
    assert child(giving_back(place, course), "") == 0
