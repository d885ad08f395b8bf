"""Stores: where a service's tables are, picked by URL scheme."""

from collections.abc import Callable, Mapping
from typing import Any


def store_adapters() -> Mapping[str, Callable[..., Any]]:
    """URL scheme → factory of a store adapter; imported only when it is picked."""
    return {"sqlite": _sqlite}


def _sqlite(*arguments: Any, **options: Any) -> Any:
    from colonnade_runtime.adapters.store.sqlite import sqlite_stores

    return sqlite_stores(*arguments, **options)
