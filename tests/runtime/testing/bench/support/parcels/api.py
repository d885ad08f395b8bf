"""The contract of the parcels, and of the carrier whom they ask."""

from uuid import UUID

from colonnade.errors import Conflict
from colonnade.events import Event, event
from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation


class Unroutable(Conflict):
    """No carrier goes there."""

    code = "carrier.unroutable"


class Route(Message):
    """How a parcel goes."""

    address: str


class Parcel(Message):
    """A parcel as it presents itself."""

    id: UUID
    address: str
    status: str


@operation("carrier", action="route.read", idempotent=True, errors=[Unroutable])
class FindRoute(Request[Route]):
    """The carrier's: the way to an address."""

    address: str


@operation("weather", action="weather.read")
class GetWeather(Request[Empty]):
    """Of a service that the parcels do not require."""


@operation("parcels", action="parcel.create", errors=[Unroutable])
class Accept(Request[Parcel]):
    """Take a parcel in."""

    address: str


@operation("parcels", action="parcel.read", idempotent=True)
class GetParcel(Request[Parcel]):
    """Read a parcel."""

    parcel_id: UUID


@operation("parcels", action="parcel.burn")
class Burn(Request[Empty]):
    """Nobody may."""

    parcel_id: UUID


@event("parcels", key="parcel_id")
class Accepted(Event):
    """A parcel was taken in."""

    parcel_id: UUID


@event("parcels", key="parcel_id")
class Returned(Event):
    """A parcel went back."""

    parcel_id: UUID


@event("carrier", key="parcel_id")
class Delivered(Event):
    """The carrier's: a parcel has arrived."""

    parcel_id: UUID


@event("weather", key="place")
class Stormed(Event):
    """Nobody here reacts to it."""

    place: str
