"""Grants to anonymous principals, as the trial of the policies showed them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colonnade.policy import Condition, Decision, Grant, PolicyModule, RelatedTo, parse_decision
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline


@dataclass(frozen=True, slots=True)
class AnonymousGrant:
    """One action that strangers are granted by the policies of one package.

    `objects` are sentences, one for each kind of object; none of them for every object.
    """

    action: str
    package: str
    paths: tuple[str, ...]
    objects: tuple[str, ...]


def anonymous_grants(
    told: Iterable[Mapping[str, Any]], modules: Sequence[PolicyModule]
) -> list[AnonymousGrant]:
    """The grants among the answers that a trial got for strangers, by action."""
    paths = _paths(modules)
    found: dict[tuple[str, str], list[Decision]] = {}
    for item in told:
        decision = parse_decision(item["answer"], action=item["action"], resource_type="probe")
        # Without conditions, a deny refuses every object.
        if decision.grants and not decision.failed and () not in decision.denies:
            found.setdefault((item["action"], item["package"]), []).append(decision)
    return [
        AnonymousGrant(action, package, paths.get(package, ()), _objects(decisions))
        for (action, package), decisions in sorted(found.items())
    ]


def _paths(modules: Sequence[PolicyModule]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for module in modules:
        package = outline(module).package.removeprefix(SERVICE_PACKAGE)
        found[package] = (*found.get(package, ()), module.path)
    return found


def _objects(decisions: Sequence[Decision]) -> tuple[str, ...]:
    grants = dict.fromkeys(grant for decision in decisions for grant in decision.grants)
    return () if () in grants else tuple(sorted(map(_sentence, grants)))


def _sentence(grant: Grant) -> str:
    return " and ".join(_condition(condition) for condition in grant)


def _condition(condition: Condition) -> str:
    return " ".join([condition.field, condition.operator.value, *_value(condition)])


def _value(condition: Condition) -> Iterator[str]:
    value = condition.value
    if isinstance(value, RelatedTo):
        yield f"{value.relation} {value.subject}"
    elif isinstance(value, tuple):
        yield ", ".join(map(str, value))
    else:
        yield str(value)
