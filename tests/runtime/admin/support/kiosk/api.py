"""The contract of the kiosk."""

from typing import Annotated
from uuid import UUID

from colonnade.errors import Conflict
from colonnade.events import Event, event
from colonnade.messages import Empty, Message, Request
from colonnade.operations import Stream, operation
from colonnade.personal import Personal


class SoldOut(Conflict):
    """Nothing is left."""

    code = "kiosk.sold_out"


class Count(Message):
    """How often something happened."""

    times: int


class Told(Message):
    """Who asked, and how much came."""

    principal: str
    on_behalf_of: str | None
    size: int


@operation("kiosk", action="sale.create", errors=[SoldOut])
class Sell(Request[Empty]):
    """Sell a newspaper; `pieces` beyond ten are not there."""

    sale_id: UUID
    buyer: str = "Ada"
    pieces: int = 1


@operation("kiosk", action="sale.read")
class GetCount(Request[Count]):
    """How often a sale was counted."""

    sale_id: UUID


@operation("kiosk", action="sale.create")
class StartSale(Request[Empty]):
    """Start the saga of this name."""

    saga_id: UUID
    name: str


@operation("kiosk", action="sale.create", stream=Stream.UPLOAD, errors=[SoldOut])
class Deliver(Request[Told]):
    """Take papers in."""


@operation("kiosk", action="sale.forbidden")
class Rob(Request[Empty]):
    """Nobody may."""


@event("kiosk", key="sale_id")
class Sold(Event):
    """A newspaper was sold."""

    sale_id: UUID
    buyer: Annotated[str, Personal()]
