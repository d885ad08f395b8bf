"""Partial changes: a `PATCH` changes the fields that were given and leaves the others alone."""

from collections.abc import Mapping
from typing import Any, Generic

from colonnade.messages import Request, ResponseT


class Patch(Request[ResponseT], Generic[ResponseT]):
    """A request whose absent fields stay as they are (in the manner of RFC 7396).

    Null takes an optional value away. A field that always has a value is declared
    `Annotated[X | None, NotNull()] = None`: it may be left out, and null is refused with a pointer.
    """

    def given(self, *names: str) -> dict[str, Any]:
        """Name → value of the fields among `names` that the client gave, nulls included."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


def assign(row: object, values: Mapping[str, Any]) -> frozenset[str]:
    """Set the attributes of `row` that differ from `values`; answers their names.

    What stays equal is not touched, so that a change which changes nothing makes no new version.
    """
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return frozenset(changed)
