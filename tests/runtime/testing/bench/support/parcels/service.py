"""What the parcel service does."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from colonnade.errors import NotFound
from colonnade.events import reacts_to
from colonnade.messages import Empty, Message
from colonnade.operations import Call, handles
from colonnade.sagas import Saga, Step, StepCall, start_saga
from colonnade.services import Schedule, ServiceContext
from colonnade.store import Session
from parcels.api import (
    Accept,
    Accepted,
    Burn,
    Delivered,
    FindRoute,
    GetParcel,
    Parcel,
    Returned,
)
from parcels.models import ParcelRow


class ParcelsConfig(BaseModel):
    """`services.parcels.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(7, ge=1, description="How long a parcel is kept.")


class ParcelState(Message):
    """Nothing has to be remembered."""


FETCHING = Saga(
    name="fetching",
    state=ParcelState,
    steps=(Step("wait", "hand_over", wait_for="fetched", wait_seconds=3600.0, idempotent=True),),
)

SCHEDULES = (Schedule("send-back", every=3600.0, run="send_back"),)


class Parcels:
    """Handlers, reactions, a schedule and the step of a saga."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(Accept)
    async def accept(self, request: Accept, call: Call) -> Parcel:
        route = await self._ctx.ask(FindRoute(address=request.address))
        days = timedelta(days=self._ctx.config.days)

        def work(session: Session) -> Parcel:
            row = ParcelRow(
                id=self._ctx.new_id(),
                address=route.address,
                status="kept",
                kept_until=session.now + days,
            )
            session.add(row)
            session.publish(Accepted(parcel_id=row.id))
            start_saga(session, FETCHING, ParcelState(), saga_id=row.id)
            return present(row)

        return await self._ctx.store.run(work)

    @handles(GetParcel)
    async def read(self, request: GetParcel, call: Call) -> Parcel:
        return await self._ctx.store.read(
            lambda session: present(found(session, request.parcel_id))
        )

    @handles(Burn)
    async def burn(self, request: Burn, call: Call) -> Empty:
        raise AssertionError("no policy allows this")

    @reacts_to(Delivered)
    def delivered(self, session: Session, event: Delivered) -> None:
        found(session, event.parcel_id).status = "delivered"

    @reacts_to(Returned)
    def returned(self, session: Session, event: Returned) -> None:
        found(session, event.parcel_id).status = "returned"

    async def send_back(self) -> None:
        """Send back what was kept for long enough."""

        def work(session: Session) -> None:
            late = select(ParcelRow.id).where(ParcelRow.kept_until <= session.now)
            for parcel_id in session.scalars(late).all():
                session.publish(Returned(parcel_id=parcel_id))

        await self._ctx.store.run(work)

    async def hand_over(self, call: StepCall) -> None:
        """Nothing is left to do."""


def found(session: Session, parcel_id):  # type: ignore[no-untyped-def]
    """A parcel that is there."""
    row = session.get(ParcelRow, parcel_id)
    if row is None:
        raise NotFound(f"There is no parcel {parcel_id}.")
    return row


def present(row: ParcelRow) -> Parcel:
    """A row as the contract shows it."""
    return Parcel(id=row.id, address=row.address, status=row.status)
