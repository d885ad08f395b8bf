"""Needs of a saga may be deleted, suspended or taken off the shelf between any two of its steps:
the saga ends by itself all the same, and whoever paid is enrolled or has their money back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from colonnade.context import Principal
from colonnade.errors import ColonnadeError
from colonnade.money import Money
from colonnade.policy import PolicyEngine
from colonnade.sagas import StepCall, StepOutcome
from colonnade_course.api import (
    DeleteCourse,
    EndEnrollment,
    ListEnrollments,
    RemoveInstructor,
    UnpublishCourse,
)
from colonnade_payment.api import CancelPayment, CreatePayment, CreateRefund, Payment
from colonnade_payment.purchase.saga import PURCHASE
from colonnade_payment.reconciliation.late_authorizations import VOID
from colonnade_payment.refund.saga import REFUND
from colonnade_runtime.background.sagas.binding import Act, BoundSaga
from colonnade_runtime.testing.simulation import World, expect_kept, is_quiet, rows, tenant_files
from colonnade_user.api import DeleteUser, UpdateUser, UserStatus
from tests.simulation.academies import OWNER, Academy, Site
from tests.simulation.promises import expect_promises, money_is_settled

SETTLING = 5.0
"""Virtual seconds in which the services hear of what happened to an object."""


@dataclass
class Gate:
    """Holds one saga at one step until something has happened to what it needs."""

    saga: str
    step: str
    is_after: bool = False
    is_reached: bool = False
    is_open: bool = False
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def pass_through(self, saga: str, step: str, *, is_after: bool) -> None:
        self.seen.add((saga, step))
        if (saga, step, is_after) != (self.saga, self.step, self.is_after):
            return
        self.is_reached = True
        while not self.is_open:
            await asyncio.sleep(0.05)


@contextmanager
def guarded(gate: Gate) -> Iterator[None]:
    """Guard every step of every saga for the block, before it and after it."""
    before = BoundSaga.action

    def action(bound: BoundSaga, index: int) -> Act:
        inner, step = before(bound, index), bound.definition.steps[index].name

        async def gated(call: StepCall) -> StepOutcome | None:
            await gate.pass_through(bound.definition.name, step, is_after=False)
            outcome = await inner(call)
            await gate.pass_through(bound.definition.name, step, is_after=True)
            return outcome

        return gated

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundSaga, "action", action)
        yield


@dataclass
class Purchase:
    """A purchase under way, and who can meddle with it."""

    world: World
    academy: Academy
    buyer: Principal
    course: UUID
    payment: Payment

    async def attempt(self, who: Principal, *requests: object) -> None:
        for request in requests:
            try:
                await self.world.ask(self.academy.tenant, who, request)  # type: ignore[arg-type]
            except ColonnadeError as error:
                self.world.note(type(request).__name__, "refused:", error)

    async def settle(self) -> None:
        await asyncio.sleep(SETTLING)

    async def end_enrollments(self) -> None:
        page = await self.world.ask(
            self.academy.tenant, OWNER, ListEnrollments(course_id=self.course)
        )
        for item in page.items:
            await self.attempt(OWNER, EndEnrollment(enrollment_id=item.id))


async def buyer_deleted(purchase: Purchase) -> None:
    await purchase.attempt(OWNER, DeleteUser(user_id=UUID(purchase.buyer.id)))


async def buyer_suspended(purchase: Purchase) -> None:
    user_id = UUID(purchase.buyer.id)
    await purchase.attempt(OWNER, UpdateUser(user_id=user_id, status=UserStatus.SUSPENDED))


async def course_unpublished(purchase: Purchase) -> None:
    await purchase.attempt(OWNER, UnpublishCourse(course_id=purchase.course))


async def course_deleted(purchase: Purchase) -> None:
    await purchase.end_enrollments()
    await purchase.attempt(OWNER, DeleteCourse(course_id=purchase.course))


async def buyer_then_course_deleted(purchase: Purchase) -> None:
    await buyer_deleted(purchase)
    await purchase.settle()
    await course_deleted(purchase)


async def teacher_deleted(purchase: Purchase) -> None:
    teacher = UUID(purchase.academy.people[0].id)
    removed = RemoveInstructor(course_id=purchase.course, user_id=teacher)
    await purchase.attempt(OWNER, removed, DeleteUser(user_id=teacher))


async def given_up(purchase: Purchase) -> None:
    await purchase.attempt(purchase.buyer, CancelPayment(payment_id=purchase.payment.id))


Loss = Callable[[Purchase], Awaitable[None]]
LOSSES: tuple[Loss, ...] = (
    buyer_deleted,
    buyer_suspended,
    course_unpublished,
    course_deleted,
    buyer_then_course_deleted,
    teacher_deleted,
    given_up,
)
PLACES = [
    *((PURCHASE.name, step.name, after) for step in PURCHASE.steps for after in (False, True)),
    *((REFUND.name, step.name, False) for step in REFUND.steps),
    ("delivery", "send", False),
]


async def buy_and_lose(world: World, academy: Academy, gate: Gate, loss: Loss) -> None:
    buyer, course = academy.people[-1], academy.courses[-1]
    await world.start()
    order = CreatePayment(course_id=course, method="tok_ok")
    payment = await world.ask(academy.tenant, buyer, order, f"order-{gate.step}")
    if gate.saga == REFUND.name:
        await world.until(lambda: is_quiet(world))
        back = Money(amount=payment.amount.amount, currency=payment.amount.currency)
        refund = CreateRefund(payment_id=payment.id, amount=back, reason="They asked.")
        await world.ask(academy.tenant, OWNER, refund, f"refund-{gate.step}")
    await world.until(lambda: gate.is_reached)
    purchase = Purchase(world, academy, buyer, course, payment)
    await loss(purchase)
    # Long enough that everybody knows, and short enough that no step runs out of time.
    await purchase.settle()
    gate.is_open = True
    declared = world.declared
    await world.until(
        lambda: is_quiet(world) and money_is_settled(declared, world.clock.epoch()), limit=7200.0
    )


def expect_bought_or_paid_back(world: World) -> None:
    files = {(tenant, service): path for service, tenant, path in tenant_files(world.declared)}
    for (tenant, service), path in files.items():
        for name, phase, error in rows(path, "SELECT name, phase, error FROM colonnade_sagas"):
            assert phase in ("completed", "compensated", "canceled"), (service, name, phase, error)
        if service != "payment":
            continue
        course = files[tenant, "course"]
        activated = {
            row[0]
            for row in rows(course, "SELECT id FROM enrollments WHERE activated_at IS NOT NULL")
        }
        query = (
            "SELECT id, amount, refunded, enrollment_id FROM payments WHERE captured_at NOT NULL"
        )
        for payment, amount, refunded, enrollment in rows(path, query):
            was_sold = rows(path, SOLD, str(UUID(str(payment)))) != [(0,)]
            assert enrollment in activated or was_sold or refunded == amount, (
                f"{payment} was paid, is not enrolled, and {refunded} of {amount} went back"
            )


SOLD = (
    "SELECT count(*) FROM colonnade_outbox "
    "WHERE type LIKE '%PurchaseCompleted%' AND instr(envelope, ?) > 0"
)
"""Deleted courses take their enrolments with them; that the buyer had one is in the outbox."""


@pytest.mark.parametrize(("saga", "step", "is_after"), PLACES)
def test_a_saga_ends_by_itself_whatever_is_gone(
    site: Site, policy: PolicyEngine, saga: str, step: str, is_after: bool
) -> None:
    for loss in LOSSES:
        site.restore()
        world = World(site.declared, policy, seed=7)
        gate = Gate(saga, step, is_after)
        try:
            with guarded(gate):
                world.run(buy_and_lose(world, site.academies[0], gate, loss))
            expect_kept(world)
            expect_promises(world.declared)
            expect_bought_or_paid_back(world)
        except Exception as error:
            shown = "\n".join(world.lines[-60:])
            pytest.fail(f"{loss.__name__}: {error}\n{shown}", pytrace=False)
        finally:
            world.close()


def test_every_step_of_every_saga_of_ours_is_among_them() -> None:
    """A saga that letting go of late money runs has one step, and is tried by itself elsewhere."""
    tried = {(saga, step) for saga, step, _ in PLACES}
    declared = {(saga.name, step.name) for saga in (PURCHASE, REFUND) for step in saga.steps}
    assert declared <= tried
    assert [step.name for step in VOID.steps] == ["void"]
