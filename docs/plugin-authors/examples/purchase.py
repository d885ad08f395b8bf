"""A purchase as a saga. The page on sagas quotes this file; the tests run it."""

from uuid import UUID

from colonnade.messages import Empty, Message, Request
from colonnade.operations import Call, handles, operation
from colonnade.rows import Column, Row, column, tenant_metadata
from colonnade.sagas import (
    Resolution,
    Saga,
    Step,
    StepCall,
    StepOutcome,
    signal_saga,
    start_saga,
)
from colonnade.services import ServiceContext
from colonnade.store import Session


class Base(Row):
    metadata = tenant_metadata()


class Order(Base):
    """Somebody wants a seat in a course."""

    __tablename__ = "orders"

    id: Column[UUID] = column(primary_key=True)
    course_id: Column[UUID]
    status: Column[str]


@operation("course", action="seat.hold", idempotent=True)
class HoldSeat(Request[Empty]):
    """Hold a seat; the same hold again changes nothing."""

    course_id: UUID
    hold: str


@operation("course", action="seat.release", idempotent=True)
class ReleaseSeat(Request[Empty]):
    """Give a held seat back; one that was never held is fine."""

    hold: str


@operation("course", action="seat.fill", idempotent=True)
class FillSeat(Request[Empty]):
    """Turn a held seat into an enrollment."""

    hold: str


class Charged(Message):
    """What came of a charge."""

    reference: str


class Lookup(Message):
    """The charge with an idempotency key, if there is one."""

    reference: str | None


@operation("bank", action="charge.create")
class Charge(Request[Charged]):
    """Take the money."""

    amount: int
    key: str


@operation("bank", action="charge.read", idempotent=True)
class FindCharge(Request[Lookup]):
    """Look a charge up by its key."""

    key: str


@operation("shop", action="order.create")
class Buy(Request[Empty]):
    """Buy a seat in a course."""

    order_id: UUID
    course_id: UUID
    amount: int


@operation("shop", action="order.approve")
class Approve(Request[Empty]):
    """The buyer's company approves the order."""

    order_id: UUID
    by: str


class PurchaseState(Message):
    """What the purchase has to remember from one step to the next."""

    order_id: UUID
    course_id: UUID
    amount: int
    approved_by: str = ""
    charge: str = ""


PURCHASE = Saga(
    name="purchase",
    state=PurchaseState,
    timeout=3 * 86400.0,
    steps=(
        Step("hold-seat", "hold_seat", compensation="release_seat", idempotent=True),
        Step("approval", "note_approval", wait_for="approved", wait_seconds=86400.0,
             idempotent=True),
        Step("charge", "charge", resolve="find_charge", pivot=True),
        Step("fill-seat", "fill_seat", idempotent=True),
    ),
)  # fmt: skip


class Shop:
    """The handlers of the shop and the steps of its saga."""

    def __init__(self, ctx: ServiceContext) -> None:
        self.ctx = ctx

    @handles(Buy)
    async def buy(self, request: Buy, call: Call) -> Empty:
        """Write the order and start the purchase, in one transaction."""

        def work(session: Session) -> None:
            order = Order(id=request.order_id, course_id=request.course_id, status="pending")
            session.add(order)
            state = PurchaseState(**request.model_dump())
            start_saga(session, PURCHASE, state, saga_id=order.id)

        await self.ctx.store.run(work)
        return Empty()

    @handles(Approve)
    async def approve(self, request: Approve, call: Call) -> Empty:
        """Tell the purchase that it may go on."""

        def work(session: Session) -> None:
            signal_saga(session, request.order_id, "approved", {"by": request.by})

        await self.ctx.store.run(work)
        return Empty()

    async def hold_seat(self, call: StepCall) -> None:
        """An idempotent action: the key makes a repetition harmless."""
        state = call.state_as(PurchaseState)
        await self.ctx.ask(HoldSeat(course_id=state.course_id, hold=call.idempotency_key))

    async def release_seat(self, call: StepCall) -> StepOutcome:
        """A compensation: it may be repeated, and there may be nothing to undo."""
        await self.ctx.ask(ReleaseSeat(hold=f"{call.saga_id}:hold-seat"))
        return StepOutcome(work=self.mark(call, "failed"))

    async def note_approval(self, call: StepCall) -> StepOutcome:
        """Runs when the signal has arrived; `call.signal` is the data that came with it."""
        assert call.signal is not None
        state = call.state_as(PurchaseState)
        return StepOutcome(state.model_copy(update={"approved_by": call.signal["by"]}))

    async def charge(self, call: StepCall) -> StepOutcome:
        """The pivot. It may not be repeated blindly, so it names `find_charge`."""
        state = call.state_as(PurchaseState)
        charged = await self.ctx.ask(Charge(amount=state.amount, key=call.idempotency_key))
        paid = state.model_copy(update={"charge": charged.reference})
        return StepOutcome(paid, work=self.mark(call, "paid"))

    async def find_charge(self, call: StepCall) -> Resolution:
        """Asked when nobody knows whether `charge` happened."""
        found = await self.ctx.ask(FindCharge(key=call.idempotency_key))
        if found.reference is None:
            return Resolution.did_not_happen()
        state = call.state_as(PurchaseState)
        paid = state.model_copy(update={"charge": found.reference})
        return Resolution.happened(state=paid, work=self.mark(call, "paid"))

    async def fill_seat(self, call: StepCall) -> StepOutcome:
        """After the pivot: tried until it succeeds."""
        await self.ctx.ask(FillSeat(hold=f"{call.saga_id}:hold-seat"))
        return StepOutcome(work=self.mark(call, "complete"))

    def mark(self, call: StepCall, status: str):  # type: ignore[no-untyped-def]
        """A unit of work that commits together with the transition."""

        def work(session: Session) -> None:
            order = session.get(Order, call.saga_id)
            assert order is not None
            order.status = status

        return work
