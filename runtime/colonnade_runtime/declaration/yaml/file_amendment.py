"""Amendment of a tenant's file: its bytes with some texts changed, or the reason why not."""

from collections.abc import Mapping
from typing import Any

import yaml

from colonnade_runtime.declaration.yaml.amendment import NotAmendable, amended
from colonnade_runtime.declaration.yaml.parser import ParseError, parse
from colonnade_runtime.declaration.yaml.values import values_of

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def amended_file(data: bytes, changes: Mapping[str, str | None]) -> bytes:
    """`data` with `changes`, by dotted key; None takes a value away. Comments and order stay.

    What comes out is read again: it says what it said before and the changes, and nothing else.

    Raises:
        NotAmendable: a value stands there in a form that is left to people.
    """
    mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
    before = _read(data)
    text = data.removeprefix(mark).decode("utf-8", "strict")
    for key, value in changes.items():
        path = key.split(".")
        try:
            text = amended(text, path, value)
        except (yaml.YAMLError, NotAmendable) as error:
            raise NotAmendable(f"{key} {error}") from None
        _set(before, path, value)
    changed = mark + text.encode()
    if _without_nothing(_read(changed)) != _without_nothing(before):
        raise NotAmendable("what is changed there changes more than itself")
    return changed


def _read(data: bytes) -> dict[str, Any]:
    # Without variables: which they are, and not what is in them, has to stay the same.
    try:
        tree = parse(data, "")
    except (ParseError, UnicodeDecodeError):
        raise NotAmendable("the file is no YAML of a declaration") from None
    found = values_of(tree, _Names())
    if found.problems:
        raise NotAmendable("the file is no valid declaration")
    return dict(found.data)


def _set(data: dict[str, Any], path: list[str], value: str | None) -> None:
    *above, name = path
    for step in above:
        below = data.get(step)
        if not isinstance(below, dict):
            below = data[step] = {}
        data = below
    data[name] = value


def _without_nothing(data: Any) -> Any:
    """Data without what is null, or a mapping of nulls: a key without a value says nothing."""
    if not isinstance(data, dict):
        return data
    kept = {name: _without_nothing(value) for name, value in data.items()}
    return {name: value for name, value in kept.items() if value not in (None, {})}


class _Names(dict[str, str]):
    """An environment in which every variable is set, to a text that stands for it alone."""

    def __missing__(self, name: str) -> str:
        return self[name]

    def __getitem__(self, name: str) -> str:
        return f"\ue000{name}\ue001"

    def get(self, name: str, default: Any = None) -> Any:
        """The text that stands for `name`."""
        return self[name]
