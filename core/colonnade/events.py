"""Events: facts a service publishes, as CloudEvents 1.0.

An event leaves through an outbox row written in the transaction that made it true, and takes
effect through an inbox row written in the transaction of its effect. The bus only carries it.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar
from uuid import UUID

import msgspec

from colonnade.decoding import decoded
from colonnade.errors import ConfigurationError, InternalError
from colonnade.messages import Message

if TYPE_CHECKING:
    from colonnade.store import Session

EventT = TypeVar("EventT", bound="type[Event]")
ReactionT = TypeVar("ReactionT", bound=Callable[..., Any])
ClassT = TypeVar("ClassT")

Work = Callable[["Session"], Any]
"""A unit of work: a plain function that runs inside one transaction."""


class Event(Message):
    """A fact, in the past tense: `EnrollmentActivated`."""


@dataclass(frozen=True, slots=True)
class EventType:
    """Declaration of an event.

    `key` names the field that identifies the aggregate: events of one key are handled in the
    order in which they were committed.
    """

    service: str
    name: str
    model: type[Event]
    key: str
    major: int = 1

    @property
    def type(self) -> str:
        """The CloudEvents `type`."""
        return f"colonnade.{self.service}.{self.name}.v{self.major}"

    @property
    def aggregate(self) -> str:
        """Aggregate that the key identifies: `course` for `course_id`."""
        return self.key.removesuffix("_id") or self.key

    @property
    def summary(self) -> str:
        """The first line of the event's docstring."""
        return (inspect.getdoc(self.model) or self.name).partition("\n")[0]


def event(service: str, *, key: str, major: int = 1) -> Callable[[EventT], EventT]:
    """Mark a model as an event that `service` publishes; `key` names its aggregate's id field."""

    def mark(model: EventT) -> EventT:
        declared: type[Event] = model
        if key not in declared.model_fields:
            raise ConfigurationError(f"{model.__name__} has no field '{key}' to be keyed by.")
        model.__event__ = EventType(service, model.__name__, model, key, major)  # type: ignore[attr-defined]
        return model

    return mark


def event_type_of(model: type[Event]) -> EventType:
    """The declaration of an event model.

    Raises:
        ConfigurationError: when the model is not marked with `@event`.
    """
    found = model.__dict__.get("__event__")
    if not isinstance(found, EventType):
        raise ConfigurationError(
            f"{model.__module__}.{model.__qualname__} is not an event: mark it with @event."
        )
    return found


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent in structured mode, with the extension attributes Colonnade needs.

    `subject` is the aggregate's id; `tenant`, `traceparent`, `causation` and `actor` are
    extensions. `actor` is the id of the person in whose call it happened, empty when it happened
    in a reaction, a saga or a call of no person. `time` is a moment of RFC 3339, with its offset,
    that exists in UTC.
    """

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    datacontenttype: str = "application/json"
    tenant: str
    traceparent: str = ""
    causation: str = ""
    actor: str = ""
    data: msgspec.Raw

    def encode(self) -> bytes:
        """The envelope as JSON."""
        return _encoder.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The envelope in `data`.

        Raises:
            Unreadable: when it is not a CloudEvent of this form.
        """
        return decoded(_decode, data)  # type: ignore[return-value]


def event_source(tenant: str, service: str) -> str:
    """The CloudEvents `source` of what a service publishes for a tenant."""
    return f"/colonnade/{tenant}/{service}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def _decode(data: bytes) -> Envelope:
    envelope = _decoder.decode(data)
    # The last and the first hours of the calendar exist in some zones and not in UTC.
    envelope.time.astimezone(UTC)
    return envelope


@dataclass(frozen=True, slots=True)
class Received:
    """An event as a reaction sees it."""

    event: Event
    envelope: Envelope


_handled: ContextVar[Envelope | None] = ContextVar("colonnade_handled_envelope", default=None)


def handled_envelope() -> Envelope:
    """The envelope of the event that is being reacted to: its id, and when it was committed.

    Raises:
        InternalError: outside a reaction.
    """
    envelope = _handled.get()
    if envelope is None:
        raise InternalError("No event is being handled: this code ran outside a reaction.")
    return envelope


@contextmanager
def handling(envelope: Envelope) -> Iterator[None]:
    """Make `envelope` the one being handled, for the block. Called by whoever runs reactions."""
    token = _handled.set(envelope)
    try:
        yield
    finally:
        _handled.reset(token)


def reacts_to(model: type[Event]) -> Callable[[ReactionT], ReactionT]:
    """Mark a method as the reaction to an event.

    Either `def method(self, session, event) -> None`, which runs inside the transaction that
    also writes the inbox row; or `async def method(self, event) -> Work | None`, which may ask
    other services and touch the world first, and returns the unit of work that is committed
    together with the inbox row. The second kind runs again after a crash before that commit, so
    what it does to the world must bear repetition.
    """

    def mark(reaction: ReactionT) -> ReactionT:
        reaction.__reacts_to__ = model  # type: ignore[attr-defined]
        return reaction

    return mark


def reactions_named(name: str) -> Callable[[type[ClassT]], type[ClassT]]:
    """Name the reactions of a class `<name>.<method>`, whatever the class is called.

    Inbox keys keep the names of reactions: a class that is renamed goes on under its first name,
    so that events still under way are not handled a second time.
    """

    def mark(owner: type[ClassT]) -> type[ClassT]:
        owner.__reactions_named__ = name  # type: ignore[attr-defined]
        return owner

    return mark


@dataclass(frozen=True, slots=True)
class BoundReaction:
    """A reaction found on a service's object; `name` is stable and part of the inbox key."""

    name: str
    event_type: EventType
    call: Callable[..., Awaitable[Work | None] | None]

    @property
    def is_asynchronous(self) -> bool:
        """True when it acts outside the transaction first."""
        return inspect.iscoroutinefunction(self.call)


def reactions_of(objects: Sequence[object]) -> list[BoundReaction]:
    """Every method of `objects` marked with `@reacts_to`, under its stored name."""
    return [
        BoundReaction(name, event_type, getattr(item, method))
        for item in objects
        for name, method, event_type in marked_reactions(type(item))
    ]


def marked_reactions(owner: type) -> Iterator[tuple[str, str, EventType]]:
    """Stored name, method and event type of each reaction of a class: `<Class>.<method>`, or with
    the name that `@reactions_named` gives in place of the class's."""
    prefix = vars(owner).get("__reactions_named__", owner.__name__)
    for method in dir(owner):
        model = getattr(getattr(owner, method, None), "__reacts_to__", None)
        if model is not None:
            yield f"{prefix}.{method}", method, event_type_of(model)
