"""Reads the plain data that an engine returns into a decision; anything malformed refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite

from colonnade.policy.decision import (
    Condition,
    Decision,
    Grant,
    JsonScalar,
    Operator,
    RelatedTo,
)

MAX_GRANTS = 64
MAX_CONDITIONS = 16
MAX_LIST_VALUES = 256
MAX_TEXT = 512
MAX_MASKS = 64

_LIST_OPERATORS = frozenset({Operator.IN, Operator.NOT_IN})


class MalformedDecision(ValueError):
    """The policy's answer is not of the documented form; the message says where."""


def parse_decision(
    data: object,
    *,
    action: str,
    resource_type: str,
    revision: str = "",
    granting: Sequence[str] = (),
    narrowing: Sequence[str] = (),
) -> Decision:
    """The decision in `data`, or a refusal whose reason says what is malformed. Never raises.

    `granting` and `narrowing` name the rules that were asked, for the log.
    """
    try:
        found = _decision(data, action, resource_type, revision)
    except MalformedDecision as error:
        reason = f"The policy's answer for '{action}' is malformed: {error}."
        return Decision.refuse(action, resource_type, reason, revision=revision, failed=True)
    return found if found.unconditional else _explained(found, granting, narrowing)


def _explained(decision: Decision, granting: Sequence[str], narrowing: Sequence[str]) -> Decision:
    """Rules that may refuse, and the reason when they do."""
    if not decision.refused:
        return replace(decision, rules=tuple(granting))
    if not decision.grants:
        reason = f"No policy grants '{decision.action}' to this principal."
        return replace(decision, reason=reason, rules=tuple(granting))
    reason = f"A policy denies '{decision.action}' to this principal."
    return replace(decision, reason=reason, rules=tuple(narrowing))


def _decision(data: object, action: str, resource_type: str, revision: str) -> Decision:
    members = _members(data, "decision", required={"grants", "deny", "masks", "expires_at"})
    return Decision(
        action=action,
        resource_type=resource_type,
        grants=_grants(members["grants"], "grants"),
        denies=_grants(members["deny"], "deny"),
        masks=_masks(members["masks"]),
        expires_at=_expiry(members["expires_at"]),
        revision=revision,
    )


def _grants(data: object, where: str) -> tuple[Grant, ...]:
    items = _list(data, where, MAX_GRANTS)
    return tuple(parse_grant(item, f"{where}[{index}]") for index, item in enumerate(items))


def parse_grant(data: object, where: str) -> Grant:
    """The conditions in `data`, a list of `{field, op, value}`.

    Raises:
        MalformedDecision: naming the place, with `where` as its start.
    """
    items = _list(data, where, MAX_CONDITIONS)
    return tuple(_condition(item, f"{where}[{index}]") for index, item in enumerate(items))


def _condition(data: object, where: str) -> Condition:
    members = _members(data, where, required={"field", "op", "value"})
    operator = _operator(members["op"], f"{where}.op")
    return Condition(
        field=_name(members["field"], f"{where}.field"),
        operator=operator,
        value=_value(operator, members["value"], f"{where}.value"),
    )


def _operator(data: object, where: str) -> Operator:
    name = _name(data, where)
    try:
        return Operator(name)
    except ValueError:
        known = ", ".join(Operator)
        raise MalformedDecision(f"{where} is no operator (there are {known})") from None


def _value(
    operator: Operator, data: object, where: str
) -> JsonScalar | tuple[JsonScalar, ...] | RelatedTo:
    if operator is Operator.RELATED:
        members = _members(data, where, required={"relation", "subject"})
        relation = _name(members["relation"], f"{where}.relation")
        return RelatedTo(relation, _name(members["subject"], f"{where}.subject"))
    if operator in _LIST_OPERATORS:
        items = _list(data, where, MAX_LIST_VALUES)
        return tuple(_scalar(item, f"{where}[{index}]") for index, item in enumerate(items))
    return _scalar(data, where)


def _scalar(data: object, where: str) -> JsonScalar:
    if isinstance(data, str):
        return _text(data, where)
    if data is None or isinstance(data, bool):
        return data
    if isinstance(data, int | float):
        return _number(data, where)
    raise MalformedDecision(f"{where} is neither text, number, boolean nor null")


def _number(data: int | float, where: str) -> int | float:
    if isinstance(data, float) and not isfinite(data):
        raise MalformedDecision(f"{where} is no finite number")
    if isinstance(data, int) and not -(2**63) <= data < 2**63:
        raise MalformedDecision(f"{where} is a number that no column holds")
    return data


def _masks(data: object) -> frozenset[str]:
    items = _list(data, "masks", MAX_MASKS)
    return frozenset(_name(item, f"masks[{index}]") for index, item in enumerate(items))


def _expiry(data: object) -> datetime | None:
    """Null, one time, or a list of times, of which the earliest counts."""
    if data is None:
        return None
    items = data if isinstance(data, list) else [data]
    times = [parse_instant(item, f"expires_at[{index}]") for index, item in enumerate(items)]
    return min(times, default=None)


def parse_instant(data: object, where: str) -> datetime:
    """An RFC 3339 time with a zone, in UTC.

    Raises:
        MalformedDecision: when it is anything else.
    """
    text = _name(data, where)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedDecision(f"{where} is no RFC 3339 time") from None
    if instant.tzinfo is None:
        raise MalformedDecision(f"{where} has no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise MalformedDecision(f"{where} is out of range") from None


def _members(data: object, where: str, *, required: set[str]) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise MalformedDecision(f"{where} is not an object")
    if set(data) != required:
        raise MalformedDecision(f"{where} must have exactly {', '.join(sorted(required))}")
    return data


def _list(data: object, where: str, limit: int) -> list[object] | tuple[object, ...]:
    if not isinstance(data, list | tuple):
        raise MalformedDecision(f"{where} is not a list")
    if len(data) > limit:
        raise MalformedDecision(f"{where} has more than {limit} entries")
    return data


def _name(data: object, where: str) -> str:
    if not isinstance(data, str) or not data:
        raise MalformedDecision(f"{where} is not a text, or an empty one")
    return _text(data, where)


def _text(data: str, where: str) -> str:
    if len(data) > MAX_TEXT:
        raise MalformedDecision(f"{where} is longer than {MAX_TEXT} characters")
    try:
        data.encode()
    except UnicodeEncodeError:
        raise MalformedDecision(f"{where} has half a character") from None
    return data
