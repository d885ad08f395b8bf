"""Rules over several fields of a request: checked and described from one declaration.

    class CreateCoupon(Request[Coupon]):
        __rules__ = (ExactlyOne("percent", "amount"),)

The dispatcher holds a request against its rules before the handler sees it, and the JSON Schema of
the request says the same (2020-12, §10.2.1), so that OpenAPI cannot promise what is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from colonnade.errors import FieldError


class FieldRule(Protocol):
    """A rule over several fields of one request."""

    def problems(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Return the errors of these fields."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """The rule as JSON Schema, over an object of the fields."""
        ...


class ExactlyOne:
    """One of some fields is given, and no other: null counts as not given."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def problems(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """An error at the first name unless exactly one has a value."""
        if len(_given(values, self._names)) != 1:
            either = " or ".join(self._names)
            yield FieldError(f"/{self._names[0]}", f"give either {either}", "either")

    def json_schema(self) -> dict[str, Any]:
        """One alternative for each name."""
        return {"oneOf": [_alone(name, self._names) for name in self._names]}


class AtMostOne:
    """Rule: at most one of some fields is given; null counts as not given."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def problems(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """An error at each name that has a value beside the first one that has."""
        given = _given(values, self._names)
        for name in given[1:]:
            yield FieldError(f"/{name}", f"cannot be given with {given[0]}", "wrong_kind")

    def json_schema(self) -> dict[str, Any]:
        """One alternative for each name, in which the others are null or absent."""
        return {
            "anyOf": [
                {"properties": _absent(other for other in self._names if other != name)}
                for name in self._names
            ]
        }


@dataclass(frozen=True, slots=True)
class ChosenBy:
    """The value of one field says which one of others is given; those without a name are none."""

    chooser: str
    chosen: Mapping[str, str]
    """Value of the chooser → the field that goes with it."""
    thing: str
    """Name of the request's subject in sentences."""

    def problems(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Errors at the field that is missing and at those that belong to other values."""
        value = values[self.chooser]
        for choice, name in self.chosen.items():
            given = values[name] is not None
            if choice == value and not given:
                yield FieldError(f"/{name}", f"is what {choice} {self.thing} shows", "missing")
            if choice != value and given:
                yield FieldError(f"/{name}", f"is only for {choice} {self.thing}", "wrong_kind")

    def json_schema(self) -> dict[str, Any]:
        """One alternative for each value of the chooser."""
        names = tuple(self.chosen.values())
        alternatives = []
        for choice, name in self.chosen.items():
            alternative = _alone(name, names)
            alternative["properties"][self.chooser] = {"const": choice}
            alternative["required"].insert(0, self.chooser)
            alternatives.append(alternative)
        return {"oneOf": alternatives}


@dataclass(frozen=True, slots=True)
class MoreThanNothing:
    """An amount of money, where one is given, is more than zero."""

    name: str

    def problems(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """An error at the amount when it is zero."""
        money = values[self.name]
        if money is not None and money.amount == 0:
            yield FieldError(f"/{self.name}/amount", "must be more than zero", "greater_than")

    def json_schema(self) -> dict[str, Any]:
        """A refusal of zero, which null passes. A minimum would say the same, but generators of
        clients merge it into the field."""
        amount = {"amount": {"maximum": 0}}
        nothing = {"type": "object", "properties": amount, "required": ["amount"]}
        return {"not": {"properties": {self.name: nothing}, "required": [self.name]}}


def _given(values: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if values[name] is not None]


def _absent(names: Iterator[str]) -> dict[str, Any]:
    return {name: {"type": "null"} for name in names}


def _alone(name: str, names: tuple[str, ...]) -> dict[str, Any]:
    others = _absent(other for other in names if other != name)
    return {"properties": {name: {"not": {"type": "null"}}, **others}, "required": [name]}
