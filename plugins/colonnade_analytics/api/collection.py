"""Client events: what people do that no service sees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from colonnade.messages import Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_analytics.api.types import (
    MAXIMUM_BATCH,
    MAXIMUM_PROPERTIES,
    EventName,
    PropertyName,
    PropertyValue,
)

_EXAMPLE = {
    "id": "0190a000-0000-7000-8000-0000000000e1",
    "name": "video.paused",
    "occurred_at": "2026-03-29T09:30:00Z",
    "properties": {"seconds": 42},
}

Properties = Annotated[dict[PropertyName, PropertyValue], Field(max_length=MAXIMUM_PROPERTIES)]


class ClientEvent(Message):
    """An event of the caller. `id` is made by the client, once per event."""

    id: UUID
    name: EventName = Field(examples=["video.paused"])
    occurred_at: AwareDatetime
    course_id: UUID | None = None
    lesson_id: UUID | None = None
    properties: Properties = Field(default_factory=dict)


class KeptClientEvent(ClientEvent):
    """A client event as it was kept: never later than it was received."""

    received_at: datetime


class EventReceipt(Message):
    """Numbers of events of a batch that were kept, and that had been before."""

    accepted: int
    duplicates: int


@operation("analytics", action="client_event.create", idempotent=True)
class SendClientEvents(Request[EventReceipt]):
    """Keep events of the caller: all of them, or none when one is not valid.

    An event of an id that the caller has sent before counts as a duplicate. It is counted in
    the period in which it occurred: up to 366 days late; a clock that is up to a day fast is
    set right to the moment of arrival.
    """

    events: list[ClientEvent] = Field(min_length=1, max_length=MAXIMUM_BATCH, examples=[[_EXAMPLE]])


@operation("analytics", action="client_event.read", idempotent=True)
class ListClientEvents(ListRequest[Page[KeptClientEvent]]):
    """List the events that the caller has sent, the latest first."""
