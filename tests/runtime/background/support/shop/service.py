"""Purchases as sagas."""

from uuid import UUID

from colonnade.messages import Message
from colonnade.sagas import (
    Resolution,
    RetryRule,
    Saga,
    Step,
    StepCall,
    StepOutcome,
    start_saga,
)
from colonnade.store import Session
from shop.models import OrderRow
from shop.world import World

QUICK = RetryRule(attempts=3, first=0.005, cap=0.02)


class PurchaseState(Message):
    """State that a purchase has to remember."""

    order_id: UUID
    authorisation: str = ""


PURCHASE = Saga(
    name="purchase",
    state=PurchaseState,
    persistence=RetryRule(attempts=4, first=0.005, cap=0.02),
    steps=(
        Step("reserve", "reserve", compensation="release", idempotent=True, retry=QUICK),
        Step(
            "authorise", "authorise", compensation="void", resolve="find_authorisation",
            retry=QUICK, timeout=2.0,
        ),
        Step("capture", "capture", pivot=True, idempotent=True, resolve="find_capture",
             retry=QUICK),
        Step("activate", "activate", idempotent=True, retry=QUICK),
        Step("notify", "notify", idempotent=True, retry=QUICK),
    ),
)  # fmt: skip

TRANSFER = Saga(
    name="transfer",
    state=PurchaseState,
    steps=(
        Step("reserve", "reserve", compensation="release", idempotent=True, retry=QUICK),
        Step("confirm", "confirm", wait_for="confirmed", wait_seconds=0.5, idempotent=True),
    ),
)

BLIND = Saga(
    name="blind",
    state=PurchaseState,
    steps=(
        Step("reserve", "reserve", compensation="release", idempotent=True, retry=QUICK),
        Step("authorise", "authorise", compensation="void", retry=QUICK),
        Step("capture", "capture", pivot=True, retry=QUICK),
    ),
)

ERRAND = Saga(
    name="errand",
    state=PurchaseState,
    steps=(
        Step("activate", "activate", idempotent=True, retry=QUICK),
        Step("notify", "notify", idempotent=True, retry=QUICK, local=True),
    ),
)

SAGAS = (PURCHASE, TRANSFER, BLIND, ERRAND)


class Shop:
    """The steps, each with an effect in the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.signals: list[object] = []

    async def reserve(self, call: StepCall) -> None:
        self.world.act("reserve", call.idempotency_key)

    async def release(self, call: StepCall) -> StepOutcome:
        self.world.act("release", call.idempotency_key)
        return StepOutcome(work=note(call, "failed"))

    async def authorise(self, call: StepCall) -> StepOutcome:
        self.world.act("authorise", call.idempotency_key, idempotent=False)
        state = call.state_as(PurchaseState)
        return StepOutcome(state.model_copy(update={"authorisation": call.idempotency_key}))

    async def find_authorisation(self, call: StepCall) -> Resolution:
        self.world.before("find")
        if not self.world.count("authorise", call.idempotency_key):
            return Resolution.did_not_happen()
        state = call.state_as(PurchaseState)
        found = state.model_copy(update={"authorisation": call.idempotency_key})
        return Resolution.happened(state=found)

    async def void(self, call: StepCall) -> None:
        self.world.act("void", call.idempotency_key)

    async def capture(self, call: StepCall) -> None:
        self.world.act("capture", call.idempotency_key)

    async def find_capture(self, call: StepCall) -> Resolution:
        self.world.before("find")
        if self.world.count("capture", call.idempotency_key):
            return Resolution.happened()
        return Resolution.did_not_happen()

    async def activate(self, call: StepCall) -> None:
        self.world.act("activate", call.idempotency_key)

    async def notify(self, call: StepCall) -> StepOutcome:
        self.world.act("notify", call.idempotency_key)
        return StepOutcome(work=note(call, "done"))

    async def confirm(self, call: StepCall) -> None:
        self.signals.append(call.signal)
        self.world.act("confirm", call.idempotency_key)


def note(call: StepCall, status: str):  # type: ignore[no-untyped-def]
    """Note the end of an order, in the transaction of the transition."""
    order_id = call.state_as(PurchaseState).order_id

    def work(session: Session) -> None:
        row = session.get(OrderRow, order_id)
        assert row is not None
        row.status = status
        row.notes += 1

    return work


def place(order_id: UUID, saga: Saga = PURCHASE):  # type: ignore[no-untyped-def]
    """Place an order and start its saga, in one transaction."""

    def work(session: Session) -> UUID:
        session.add(OrderRow(id=order_id, status="new", notes=0))
        return start_saga(session, saga, PurchaseState(order_id=order_id), saga_id=order_id)

    return work


def expect_consistent(world: World, order_id: UUID, phase: str) -> None:
    """Check what must hold of an ended purchase, whatever went wrong on the way."""
    had = world.names(str(order_id))
    assert had["authorise"] <= 1, had
    assert had["capture"] <= 1, had
    if phase == "completed":
        expected = {"reserve": 1, "authorise": 1, "capture": 1, "activate": 1, "notify": 1}
        assert dict(had) == expected, had
        return
    assert phase in ("compensated", "canceled"), phase
    assert not {"capture", "activate", "notify"} & set(had), had
    assert had["void"] >= had["authorise"], had
    assert had["release"] >= had["reserve"], had
