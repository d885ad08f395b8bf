"""The reactions of a plugin, found without starting its service.

They are methods marked with `@reacts_to` of classes in the plugin's own package; a server that
lets nobody name another's consumer has to know them before any process starts.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from colonnade.errors import ConfigurationError
from colonnade.events import EventType, marked_reactions
from colonnade_runtime.observability.failures import failure_in_words

_NOT_LOOKED_INTO = frozenset({"__main__", "conftest", "migrations", "tests"})


def declared_reactions(plugin: ModuleType) -> dict[str, EventType]:
    """The stored name of each reaction, with the type of its event.

    Raises:
        ConfigurationError: when a module of the plugin cannot be imported.
    """
    found: dict[str, EventType] = {}
    for module in _modules(plugin):
        for each in vars(module).values():
            if isinstance(each, type) and each.__module__ == module.__name__:
                found |= {name: event for name, _, event in marked_reactions(each)}
    return found


def _modules(plugin: ModuleType) -> Iterator[ModuleType]:
    yield plugin
    package = importlib.import_module(plugin.__package__) if plugin.__package__ else None
    if package is not None and hasattr(package, "__path__"):
        yield package
        yield from _below(package)


def _below(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(package.__path__):
        if info.name in _NOT_LOOKED_INTO:
            continue
        module = _imported(f"{package.__name__}.{info.name}")
        if module is None:
            continue
        yield module
        if info.ispkg:
            yield from _below(module)


def _imported(name: str) -> ModuleType | None:
    """The module; nothing when it needs a library that is not installed here, for then no
    service on this machine has what is in it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] != name.partition(".")[0]:
            return None
        raise ConfigurationError(_cannot_be_imported(name, error)) from error
    except Exception as error:
        raise ConfigurationError(_cannot_be_imported(name, error)) from error


def _cannot_be_imported(name: str, error: Exception) -> str:
    return (
        f"The reactions in {name} cannot be found, since it cannot be imported: "
        f"{failure_in_words(error)}"
    )
