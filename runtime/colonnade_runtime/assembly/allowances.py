"""Declared limits per person and day, held against the operations."""

from collections.abc import Iterator

from colonnade.operations import operation_of
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.yaml.problems import Problem, closest
from colonnade_runtime.plugins.plugin import Plugins


def allowance_problems(loaded: LoadedPlatform, plugins: Plugins) -> Iterator[Problem]:
    """Every name under `services.<name>.per_day` that is no operation that is counted."""
    for service, section in loaded.platform.services.items():
        if not section.per_day or service not in plugins.services:
            continue
        requests = plugins.services[service].operations
        operations = {operation.name: operation for operation in map(operation_of, requests)}
        counted = {name for name, operation in operations.items() if operation.per_day is not None}
        for name in section.per_day.keys() - counted:
            path = ("services", service, "per_day", name)
            if name in operations:
                yield loaded.origins.problem(path, "this operation is not counted by the day")
            else:
                message = f"the service '{service}' has no operation of this name"
                yield loaded.origins.problem(path, message, closest(name, counted))
