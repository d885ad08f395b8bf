"""Masking: log lines hold plain data, with personal and secret values hidden.

A value is masked by the mark of its field, wherever its model is nested, and by the name of its
key. An object that is neither data nor a model is named by its type alone, since nobody knows
what it would print.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from structlog.typing import EventDict, WrappedLogger

from colonnade.personal import guarded_fields
from colonnade.secrets import MASK, Secret, SecretReference

MASKED_KEYS = frozenset(
    {
        "address",
        "api_key",
        "authorization",
        "cookie",
        "credentials",
        "email",
        "encryption_key",
        "name",
        "passphrase",
        "password",
        "phone",
        "private_key",
        "secret",
        "signing_key",
        "token",
    }
)
"""Keys whose values never reach a log line, whoever wrote it; also as the end of a longer key,
such as `owner_email` or `X-Refresh-Token`."""

MAXIMUM_TEXT = 8_000
"""Characters of one value; what follows is cut off."""

MAXIMUM_ITEMS = 100
MAXIMUM_DEPTH = 8

_PLAIN = (bool, int, float, type(None))
_AS_TEXT = (UUID, PurePath, Decimal, datetime, date, time, timedelta)
_OUR_KEYS = frozenset({"event", "level", "timestamp", "logger", "exception", "exc_info"})
_SEPARATOR = re.compile(r"[^a-z0-9]+")


def mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor: `event` as plain data with nothing personal or secret in it."""
    return {
        str(key): value if key in _OUR_KEYS and key != "event" else masked_entry(key, value)
        for key, value in event.items()
    }


def masked_entry(key: Any, value: Any, depth: int = 0) -> Any:
    """The value of one key, masked by the key's name or by what it holds."""
    if value is not None and is_hidden(key):
        return MASK
    return masked_value(value, depth)


def masked_value(value: Any, depth: int = 0) -> Any:
    """`value` as plain data, masked wherever a mark or a key says so."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Secret | SecretReference):
        return MASK
    if isinstance(value, Enum):
        return masked_value(value.value, depth)
    if isinstance(value, str):
        return value if len(value) <= MAXIMUM_TEXT else f"{value[:MAXIMUM_TEXT]} …"
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:MAXIMUM_TEXT]
    if depth >= MAXIMUM_DEPTH:
        return "…"
    return _masked_collection(value, depth + 1)


def _masked_collection(value: Any, depth: int) -> Any:
    if isinstance(value, BaseModel):
        guarded = guarded_fields(type(value))
        return {
            name: MASK if name in guarded and item is not None else masked_entry(name, item, depth)
            for name, item in _public_fields(value)
        }
    if isinstance(value, Mapping):
        shown = list(value.items())[:MAXIMUM_ITEMS]
        return {str(key): masked_entry(key, item, depth) for key, item in shown}
    if isinstance(value, list | tuple | Set):
        return [masked_value(item, depth) for item in list(value)[:MAXIMUM_ITEMS]]
    if is_dataclass(value) and not isinstance(value, type):
        found = [(field.name, getattr(value, field.name)) for field in fields(value) if field.repr]
        return {name: masked_entry(name, item, depth) for name, item in found}
    name = value.__qualname__ if isinstance(value, type) else type(value).__qualname__
    return f"<{name}>"


def _public_fields(model: BaseModel) -> list[tuple[str, Any]]:
    return [(name, getattr(model, name)) for name in type(model).model_fields]


def is_hidden(key: Any) -> bool:
    """True when the name of a key says that its value is personal or secret."""
    words = _SEPARATOR.sub("_", str(key).lower()).strip("_")
    if words in MASKED_KEYS:
        return True
    return any(words.endswith(f"_{hidden}") for hidden in MASKED_KEYS)
