"""Operations: the only door to a service.

An operation is a request model marked with `@operation`. HTTP routes, the bus and the command
line all bind to it; its policy action is decided before its handler sees anything.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement

from colonnade.context import Context, PrincipalKind
from colonnade.errors import (
    ColonnadeError,
    ConfigurationError,
    Forbidden,
    NotFound,
    NotVisible,
    PreconditionFailed,
)
from colonnade.messages import Message, Request
from colonnade.policy import Decision, ResourceType, denials_of, masked, permits, where
from colonnade.store import Session

RequestT = TypeVar("RequestT", bound=type[Request[Any]])
ModelT = TypeVar("ModelT", bound=Message)
HandlerT = TypeVar("HandlerT", bound=Callable[..., Awaitable[Any]])

DEFAULT_DEADLINE = 5.0
"""Seconds a call may take when nothing says otherwise."""


class Stream(StrEnum):
    """The named exception to encoded calls: bytes that flow beside the message."""

    NONE = "none"
    UPLOAD = "upload"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Operation:
    """Declaration of an operation, without its implementation.

    `action` and `resource` are what policies decide on. `idempotent` permits the caller's side
    to try again. `cached` keeps the answer in the row cache, shared by all callers for whom the
    policy decides alike: such a handler writes nothing, and its answer depends on the request,
    the rows it reads, the decision, the tenant's declaration and the locale alone. The answer is
    dropped when one of the rows changes, so it reads by primary key. An answer whose handler
    looked at who asks, or asked another service, is not kept. `per_day` is how often one person
    may have it change something in a UTC day; see `colonnade.allowances`.
    """

    service: str
    name: str
    request: type[Request[Any]]
    response: type[Message]
    action: str
    resource: str
    idempotent: bool = False
    cached: bool = False
    deadline: float = DEFAULT_DEADLINE
    stream: Stream = Stream.NONE
    errors: tuple[type[ColonnadeError], ...] = ()
    major: int = 1
    per_day: int | None = None

    @property
    def subject(self) -> str:
        """Subject on the bus; the contract's major version is part of it."""
        return f"ask.{self.service}.v{self.major}.{self.name}"

    @property
    def summary(self) -> str:
        """The first line of the request's docstring."""
        return (inspect.getdoc(self.request) or self.name).partition("\n")[0]


def operation(
    service: str,
    *,
    action: str,
    resource: str | None = None,
    idempotent: bool = False,
    cached: bool = False,
    deadline: float = DEFAULT_DEADLINE,
    stream: Stream = Stream.NONE,
    errors: Sequence[type[ColonnadeError]] = (),
    major: int = 1,
    per_day: int | None = None,
) -> Callable[[RequestT], RequestT]:
    """Mark a request model as an operation of `service`.

    `action` is `<resource>.<verb>` as policies know it, such as `course.read`; `resource`
    defaults to the part before the dot. What a person may do without end has a bound: give
    `per_day`, far above what anybody needs, or keep to another one.
    """

    def mark(request: RequestT) -> RequestT:
        request.__operation__ = Operation(  # type: ignore[attr-defined]
            service=service,
            name=request.__name__,
            request=request,
            response=request.__response_type__,
            action=action,
            resource=resource or action.partition(".")[0],
            idempotent=idempotent,
            cached=cached,
            deadline=deadline,
            stream=stream,
            errors=tuple(errors),
            major=major,
            per_day=per_day,
        )
        return request

    return mark


def operation_of(request: type[Message]) -> Operation:
    """The operation that `request` was marked as.

    Raises:
        ConfigurationError: when the model is not an operation.
    """
    found = request.__dict__.get("__operation__")
    if not isinstance(found, Operation):
        raise ConfigurationError(
            f"{request.__module__}.{request.__qualname__} is not an operation: "
            "mark it with @operation in the service's api.py."
        )
    return found


@dataclass(slots=True)
class Call:
    """Call: the context, decision and conditions that a handler gets beside its request.

    `decision` is the policy's answer: a handler applies it to what it reads and writes, with
    `require` for one object and `visible` for a list, or says with `permit_without_object` why
    there is none. A conditional decision that was never applied does not commit and does not
    answer; `applied` is for the runtime, which looks. `visibility` is the decision on reading the
    same type of resource; it tells a "not allowed" from a "not found". `caller` is the same as
    `context`, for the runtime: reading the latter is noted in `personal`. `idempotency_key` is
    the client's, where the route takes one: see `colonnade.idempotency`. `refused` is the type of
    an object that the decision does not permit, and `denying` the positions of the denials that
    hold for it, both for the log. `without_object` is
    why none was looked at. `per_day` is how often its caller may do this in a day, and `counted`
    says that this time was.
    """

    caller: Context
    operation: Operation
    decision: Decision
    visibility: Decision
    expected_versions: frozenset[int] | None = None
    incoming: AsyncIterator[bytes] | None = None
    applied: bool = field(default=False)
    masks_applied: bool = field(default=False)
    personal: bool = field(default=False)
    without_object: str = field(default="")
    refused: str | None = field(default=None)
    denying: tuple[int, ...] = field(default=())
    idempotency_key: str | None = None
    per_day: int | None = None
    counted: bool = field(default=False)

    @property
    def context(self) -> Context:
        """Context of the call; an answer that depended on it is cached for nobody else."""
        self.personal = True
        return self.caller

    @property
    def tenant(self) -> str:
        """The tenant of the call."""
        return self.caller.tenant

    @property
    def principal_id(self) -> str:
        """Id of the principal."""
        return self.context.principal.id

    @property
    def is_of_service(self) -> bool:
        """True when a service asks, for itself or on behalf of another."""
        return self.caller.principal.kind is PrincipalKind.SERVICE

    @property
    def person_id(self) -> UUID | None:
        """The account of the person who acts; None for a service, an API key or a stranger."""
        principal = self.context.principal
        return UUID(principal.id) if principal.kind is PrincipalKind.USER else None

    def require_person(self, refusal: str = "Only a person can do this; sign in as one.") -> UUID:
        """The account of the person who acts. `refusal` is the sentence for anyone else.

        Raises:
            Forbidden: a service, an API key or a stranger acts.
        """
        person = self.person_id
        if person is None:
            raise Forbidden(refusal)
        return person

    def require(self, session: Session, resource_type: ResourceType, row: object) -> None:
        """Hold the decision against one object; on a change, before it and after it.

        Raises:
            NotFound: when the caller may not even read the object; a service is told that it is
                `NotVisible`.
            Forbidden: when the caller may read it but not do this.
        """
        self.applied = True
        attributes = resource_type.attributes(row)
        related = resource_type.related_in(session)
        if permits(self.decision, resource_type, attributes, related):
            return
        self.refused = resource_type.name
        self.denying = denials_of(self.decision, resource_type, attributes, related)
        if self.visibility is not self.decision and permits(
            self.visibility, resource_type, attributes, related
        ):
            raise Forbidden(f"You may not do this ({self.operation.action}).")
        hidden = NotVisible if self.is_of_service else NotFound
        raise hidden(f"There is no such {resource_type.name}, or none that you may see.")

    def visible(self, resource_type: ResourceType) -> ColumnElement[bool]:
        """Condition for the `WHERE` of a list: the rows that the caller may see."""
        self.applied = True
        return where(self.decision, resource_type)

    def permit_without_object(self, reason: str) -> None:
        """Let this call commit and answer though a conditional decision met no object.

        For handlers that make or change nothing which a policy could be held against. `reason`
        says why that is so, to who reads the handler and in the log at level debug. A handler that
        raises needs none: nothing of it is kept.
        """
        self.applied = True
        self.without_object = reason

    def mask(self, answer: ModelT, *, own: bool = False) -> ModelT:
        """Apply the decision's masks here, where it is known which objects are the caller's `own`.

        A handler that never calls this has them applied to its whole answer.
        """
        self.masks_applied = True
        return answer if own else masked(answer, self.decision.masks)

    def check_version(self, version: int) -> None:
        """Hold the client's `If-Match` against the current version.

        Raises:
            PreconditionFailed: when the client read another version.
        """
        if self.expected_versions is not None and version not in self.expected_versions:
            raise PreconditionFailed(
                f"This is version {version} by now, another than If-Match names; read it again.",
                details={"version": version},
            )


@dataclass(frozen=True, slots=True)
class Download:
    """The answer of an operation with `stream=Stream.DOWNLOAD`: a head and the bytes."""

    head: Message
    chunks: AsyncIterator[bytes]


def handles(request: type[Request[Any]]) -> Callable[[HandlerT], HandlerT]:
    """Mark a method `async def method(self, request, call) -> response` as a handler."""

    def mark(handler: HandlerT) -> HandlerT:
        handler.__handles__ = request  # type: ignore[attr-defined]
        return handler

    return mark


@dataclass(frozen=True, slots=True)
class BoundHandler:
    """A handler found on a service's object."""

    operation: Operation
    call: Callable[[Any, Call], Awaitable[Any]]


def handlers_of(service: object) -> list[BoundHandler]:
    """Every method of `service` marked with `@handles`."""
    found = []
    for name in dir(type(service)):
        request = getattr(getattr(type(service), name, None), "__handles__", None)
        if request is not None:
            found.append(BoundHandler(operation_of(request), getattr(service, name)))
    return found
