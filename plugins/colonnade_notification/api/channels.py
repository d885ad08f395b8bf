"""Channels: the contract of the hook `channels`, for this plugin's and others' alike."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Protocol, TypeAlias
from uuid import UUID

from colonnade.personal import Personal
from colonnade_notification.api.types import Category, Mode


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of a message, as the user service knows them now.

    `name` is empty while the address is not confirmed: nobody has a text of their own sent to
    another person's address.
    """

    user_id: UUID
    name: Annotated[str, Personal()]
    email: Annotated[str | None, Personal()]
    locale: str
    timezone: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message ready to go.

    `id` and `message_id` (RFC 5322) are the same at every try: hand them on, since a message is
    sent at least once. `html` is a whole document. `link` is absolute. `unsubscribe_url` is
    empty for what cannot be turned off. `targets` names the places that earlier tries did not
    reach; None means all. `attempt` counts from 1.
    """

    id: UUID
    message_id: str
    kind: str
    category: Category
    recipient: Recipient
    subject: str
    text: str
    html: str
    link: str
    unsubscribe_url: str
    attempt: int
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Outcome of a message that was handed over."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Outcome of a message that did not get through, or may not have: it is tried again, `after`
    some time or at the usual pace; only for `targets`, when some were reached."""

    problem: str
    after: timedelta | None = None
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Outcome of a message that will never get through. `bounced_address` takes no more mail from
    now on."""

    problem: str
    bounced_address: Annotated[str, Personal()] = ""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Outcome of a message that has nowhere to go, which is no failure."""

    reason: str


DeliveryOutcome: TypeAlias = Sent | Postponed | Refused | Unreachable


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """Name and properties of a channel.

    `mandatory` says that security and receipts cannot be turned off on it. `keeps` says that
    messages stay here for the app to show: writing the row is the delivery. `makes_sound` says
    that quiet hours hold for it. `digests` says that a digest can go out on it.
    """

    name: str
    mandatory: bool = False
    keeps: bool = False
    makes_sound: bool = True
    digests: bool = False
    default: Mode = Mode.IMMEDIATELY
    seconds: float = 20.0


class Channel(Protocol):
    """A way to reach people. Its methods run in the tenant's context."""

    @property
    def info(self) -> ChannelInfo:
        """Name and properties."""
        ...

    async def reaches(self, user_id: UUID) -> bool:
        """True when the channel can reach a person; asked before a row is written."""
        ...

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        """Hand a message over. An exception counts as `Postponed`."""
        ...
