"""What the kiosk does."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import select

from colonnade.dead_letters import DeadLetter
from colonnade.errors import Conflict, DeadlineExceeded
from colonnade.events import reacts_to
from colonnade.messages import Empty, Message
from colonnade.operations import Call, handles
from colonnade.personal import Personal
from colonnade.sagas import RetryRule, Saga, Step, StepCall, start_saga
from colonnade.services import ServiceContext
from colonnade.store import Session
from kiosk.api import Count, Deliver, GetCount, Rob, Sell, Sold, SoldOut, StartSale, Told
from kiosk.models import CountedRow

ONCE = RetryRule(attempts=1, first=0.005, cap=0.01)


class SaleState(Message):
    """What a sale remembers."""

    buyer: Annotated[str, Personal()]
    price: int = 3


SAGAS = (
    Saga(
        name="doubtful",
        state=SaleState,
        persistence=ONCE,
        steps=(Step("charge", "charge", pivot=True, retry=ONCE),),
    ),
    Saga(
        name="patient",
        state=SaleState,
        steps=(Step("hand-over", "hand_over", wait_for="paid", wait_seconds=600),),
    ),
)


class Uncounted:
    """Sales that could not be counted: those with a count of zero."""

    name = "uncounted"

    def count(self, session: Session) -> int:
        return len(self.oldest(session, 1_000))

    def oldest(self, session: Session, limit: int) -> list[DeadLetter]:
        query = select(CountedRow).where(CountedRow.times == 0).limit(limit)
        return [self._present(row) for row in session.scalars(query)]

    def find(self, session: Session, identifier: UUID) -> DeadLetter | None:
        row = session.get(CountedRow, identifier)
        return self._present(row) if row is not None and row.times == 0 else None

    def replay(self, session: Session, identifier: UUID) -> None:
        self._waiting(session, identifier).times = 1

    def discard(self, session: Session, identifier: UUID) -> None:
        session.delete(self._waiting(session, identifier))

    def _waiting(self, session: Session, identifier: UUID) -> CountedRow:
        row = session.get(CountedRow, identifier)
        if row is None or row.times != 0:
            raise Conflict("It was counted already.")
        return row

    def _present(self, row: CountedRow) -> DeadLetter:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        return DeadLetter(row.sale_id, "a sale", "the pencil broke", 3, moment, {"pencil": "blue"})


class Kiosk:
    """Handlers, a reaction and the steps of two sagas."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(Sell)
    async def sell(self, request: Sell, call: Call) -> Empty:
        if request.pieces > 10:
            raise SoldOut("Ten are left.", details={"left": 10})
        sold = Sold(sale_id=request.sale_id, buyer=request.buyer)
        await self._ctx.store.run(lambda session: session.publish(sold))
        return Empty()

    @handles(GetCount)
    async def count_of(self, request: GetCount, call: Call) -> Count:
        row = await self._ctx.store.read(lambda session: session.get(CountedRow, request.sale_id))
        return Count(times=row.times if row else 0)

    @handles(StartSale)
    async def start(self, request: StartSale, call: Call) -> Empty:
        [saga] = [saga for saga in SAGAS if saga.name == request.name]
        state = SaleState(buyer="Ada Lovelace")
        await self._ctx.store.run(
            lambda session: start_saga(session, saga, state, saga_id=request.saga_id)
        )
        return Empty()

    @handles(Deliver)
    async def deliver(self, request: Deliver, call: Call) -> Told:
        assert call.incoming is not None
        size = 0
        async for chunk in call.incoming:
            size += len(chunk)
            if size > 2_000_000:
                raise SoldOut("The shelves are full.")
        who = call.context.principal
        return Told(principal=who.id, on_behalf_of=who.on_behalf_of, size=size)

    @handles(Rob)
    async def rob(self, request: Rob, call: Call) -> Empty:
        raise AssertionError("no policy allows this")

    @reacts_to(Sold)
    def count(self, session: Session, event: Sold) -> None:
        row = session.get(CountedRow, event.sale_id)
        if row is None:
            session.add(CountedRow(sale_id=event.sale_id, times=1))
        else:
            row.times += 1

    async def charge(self, call: StepCall) -> None:
        raise DeadlineExceeded("The bank did not answer.")

    async def hand_over(self, call: StepCall) -> None:
        return None
