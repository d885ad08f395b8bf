"""A saga's definition together with the methods that carry it out."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colonnade.errors import ConfigurationError
from colonnade.sagas import Resolution, Saga, StepCall, StepOutcome

Act = Callable[[StepCall], Awaitable[StepOutcome | None]]
Resolve = Callable[[StepCall], Awaitable[Resolution]]


@dataclass(frozen=True, slots=True)
class BoundSaga:
    """A saga whose methods were found on a service's objects."""

    definition: Saga
    methods: Mapping[str, Callable[..., Awaitable[Any]]]

    def action(self, index: int) -> Act:
        """The action of a step."""
        return self.methods[self.definition.steps[index].action]

    def compensation(self, index: int) -> Act:
        """The compensation of a step that has one."""
        name = self.definition.steps[index].compensation
        assert name is not None
        return self.methods[name]

    def resolve(self, index: int) -> Resolve:
        """The resolve of a step that has one."""
        name = self.definition.steps[index].resolve
        assert name is not None
        return self.methods[name]


def bind_sagas(sagas: Sequence[Saga], objects: Sequence[object]) -> list[BoundSaga]:
    """Find every method that `sagas` name on `objects`.

    Raises:
        ConfigurationError: when a method is missing, ambiguous or not `async def`, or two
            definitions have the same name and version.
    """
    seen: set[tuple[str, int]] = set()
    for saga in sagas:
        if (saga.name, saga.version) in seen:
            raise ConfigurationError(
                f"The saga '{saga.name}' is defined twice in version {saga.version}."
            )
        seen.add((saga.name, saga.version))
    return [BoundSaga(saga, _methods(saga, objects)) for saga in sagas]


def _methods(saga: Saga, objects: Sequence[object]) -> dict[str, Callable[..., Awaitable[Any]]]:
    names = {
        name
        for step in saga.steps
        for name in (step.action, step.compensation, step.resolve)
        if name is not None
    }
    return {name: _method(saga, name, objects) for name in sorted(names)}


def _method(saga: Saga, name: str, objects: Sequence[object]) -> Callable[..., Awaitable[Any]]:
    found = [getattr(item, name) for item in objects if hasattr(item, name)]
    where = f"The saga '{saga.name}' names the method '{name}'"
    if not found:
        raise ConfigurationError(f"{where}, which none of the service's objects has.")
    if len(found) > 1:
        raise ConfigurationError(f"{where}, which more than one of the service's objects has.")
    method: Callable[..., Awaitable[Any]] = found[0]
    if not inspect.iscoroutinefunction(method):
        raise ConfigurationError(f"{where}, which is not an 'async def' method.")
    return method
