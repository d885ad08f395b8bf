"""Buses: what carries operations and events, picked by URL scheme."""

from collections.abc import Callable, Mapping
from typing import Any

from colonnade.bus import Bus


def bus_adapters() -> Mapping[str, Callable[..., Bus]]:
    """URL scheme → factory of a bus; imported only when it is picked."""
    return {"memory": _memory}


def _memory(*arguments: Any, **options: Any) -> Bus:
    from colonnade_runtime.adapters.bus.memory import MemoryBus

    return MemoryBus(**options)
