"""Rules about operations and events, and what carries them out."""

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from colonnade.errors import ColonnadeError, ConfigurationError
from colonnade.events import EventType, event_type_of, reactions_of
from colonnade.messages import Message
from colonnade.operations import Operation, handlers_of, operation_of
from colonnade_runtime.background.events.declared_reactions import declared_reactions
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.background.scheduler import bind_schedules
from colonnade_runtime.testing.contract.examination.subject import Subject
from colonnade_runtime.testing.contract.examination.trial_run import trial_of

_ACTION = re.compile(r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*")


def operations_are_its_own(subject: Subject) -> Iterator[str]:
    """Each operation belongs to its service, has a name of its own, an action and a docstring."""
    names: set[str] = set()
    for request in subject.operations:
        operation = _declared(request, "__operation__")
        if not isinstance(operation, Operation):
            yield f"{request.__name__} is offered and not marked with @operation."
            continue
        if operation.service != subject.service:
            yield f"{operation.name} belongs to '{operation.service}', not '{subject.service}'."
        if operation.subject in names:
            yield f"two operations have the subject {operation.subject}."
        names.add(operation.subject)
        yield from _operation_problems(operation)
    yield from _not_offered(subject, "__operation__", subject.operations, "operations")


def events_are_its_own(subject: Subject) -> Iterator[str]:
    """Each event belongs to its service and has a docstring; every event of the api is listed."""
    for model in subject.events:
        declared = _declared(model, "__event__")
        if not isinstance(declared, EventType):
            yield f"{model.__name__} is listed and not marked with @event."
        elif declared.service != subject.service:
            yield f"{declared.name} belongs to '{declared.service}', not '{subject.service}'."
        elif not _documented(model):
            yield f"{declared.name} has no docstring; say what has happened."
    yield from _not_offered(subject, "__event__", subject.events, "events")


def errors_have_codes_of_their_own(subject: Subject) -> Iterator[str]:
    """Each error that an operation declares has a stable code that no other error has."""
    codes: dict[str, type[ColonnadeError]] = {}
    for request in subject.operations:
        for error in operation_of(request).errors:
            other = codes.setdefault(error.code, error)
            if other is not error:
                yield f"{error.__name__} and {other.__name__} share the code '{error.code}'."
            if not 400 <= error.status <= 599:
                yield f"{error.__name__} has the status {error.status}; errors are 400 to 599."


def operations_have_handlers(subject: Subject) -> Iterator[str]:
    """Each operation is handled by exactly one method, and nothing else is handled."""
    handled = [
        bound.operation.request for item in trial_of(subject).objects for bound in handlers_of(item)
    ]
    for request in subject.operations:
        if handled.count(request) != 1:
            yield (
                f"{request.__name__} has {handled.count(request)} handlers; mark one method "
                f"with @handles({request.__name__})."
            )
    for request in handled:
        if request not in subject.operations:
            yield f"{request.__name__} is handled and not offered; return it from `operations`."


def subscriptions_have_reactions(subject: Subject) -> Iterator[str]:
    """The hook `subscriptions` lists exactly the events that its methods react to."""
    listed = {event_type_of(model).type for model in subject.answer("subscriptions") or ()}
    found = {reaction.event_type.type for reaction in reactions_of(trial_of(subject).objects)}
    for name in sorted(listed - found):
        yield f"{name} is subscribed to and has no reaction; mark a method with @reacts_to."
    for name in sorted(found - listed):
        yield f"a method reacts to {name}; return the event from `subscriptions` as well."


def reactions_can_be_found(subject: Subject) -> Iterator[str]:
    """Each reaction is a method of a class in its own package, so that a broker can know it."""
    declared = declared_reactions(subject.module)
    for reaction in reactions_of(trial_of(subject).objects):
        if reaction.name not in declared:
            yield (
                f"the reaction {reaction.name} is on no class of {subject.module.__package__}; "
                "write the class there, by name, or NATS does not let its consumer be made."
            )


def sagas_and_schedules_bind(subject: Subject) -> Iterator[str]:
    """Each method that a saga or schedule names is an `async def` of exactly one object."""
    objects = trial_of(subject).objects
    for hook, bind in (("sagas", bind_sagas), ("schedules", bind_schedules)):
        yield from _unbound(bind, subject.answer(hook) or (), objects)


def _unbound(bind: Any, declared: Sequence[Any], objects: Sequence[object]) -> Iterator[str]:
    try:
        bind(declared, objects)
    except ConfigurationError as error:
        yield error.message


def _operation_problems(operation: Operation) -> Iterator[str]:
    if _ACTION.fullmatch(operation.action) is None:
        yield f"{operation.name}: the action '{operation.action}' is not `resource.verb`."
    if operation.deadline <= 0:
        yield f"{operation.name}: its deadline is {operation.deadline} s; give it some time."
    if not _documented(operation.request):
        yield f"{operation.name} has no docstring; its first line is the summary in OpenAPI."


def _not_offered(subject: Subject, mark: str, offered: Iterable[Any], hook: str) -> Iterator[str]:
    for name, item in vars(_api(subject)).items() if _api(subject) else ():
        if not inspect.isclass(item) or not issubclass(item, Message):
            continue
        declared = _declared(item, mark)
        if declared is not None and declared.service == subject.service and item not in offered:
            yield f"{name} is in the api and not returned from the hook `{hook}`."


def _api(subject: Subject) -> Any:
    try:
        return importlib.import_module(f"{subject.package}.api")
    except ImportError:
        return None


def _declared(model: type[Message], mark: str) -> Any:
    return model.__dict__.get(mark)


def _documented(model: type[Message]) -> bool:
    return bool((model.__dict__.get("__doc__") or "").strip())


CHECKS = (
    operations_are_its_own,
    events_are_its_own,
    errors_have_codes_of_their_own,
    operations_have_handlers,
    subscriptions_have_reactions,
    reactions_can_be_found,
    sagas_and_schedules_bind,
)
