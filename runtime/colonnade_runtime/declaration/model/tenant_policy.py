"""The `policy` of a tenant's file: its form, and whether what it names exists."""

from collections.abc import Iterator, Mapping
from typing import Any

from colonnade.policy import TenantDeny, TenantPolicy, Vocabulary
from colonnade.policy.narrowing import RelatedValue, TenantCondition
from colonnade_runtime.declaration.validation import validate
from colonnade_runtime.declaration.yaml.problems import Problem, closest
from colonnade_runtime.declaration.yaml.tree import MappingNode, Path, dotted, matching

EVERY = "*"
"""Stands for every action."""


def tenant_policy_problems(
    data: object, tree: MappingNode, vocabulary: Vocabulary
) -> Iterator[Problem]:
    """Yield every problem with the `policy` of the tenant's file `tree`, each at its place.

    A deny of something that does not exist would deny nothing, in silence.
    """
    if not isinstance(data, dict) or not data:
        return
    policy, problems = validate(TenantPolicy, data, tree, ("policy",))
    yield from problems
    for index, deny in enumerate(policy.deny if policy is not None else ()):
        yield from _DenyCheck(tree, vocabulary, ("policy", "deny", index), deny).problems()


class _DenyCheck:
    """One deny, held against what the platform has."""

    def __init__(
        self, tree: MappingNode, vocabulary: Vocabulary, path: Path, deny: TenantDeny
    ) -> None:
        self._tree = tree
        self._vocabulary = vocabulary
        self._path = path
        self._deny = deny

    def problems(self) -> Iterator[Problem]:
        """Each name that does not exist."""
        words = self._vocabulary
        action = self._deny.action
        if action != EVERY:
            yield from self._unknown(action, words.actions, "action", "action")
        for index, role in enumerate(self._deny.roles or ()):
            yield from self._unknown(role, words.roles, "role", "roles", index)
        for index, condition in enumerate(self._deny.when):
            yield from self._condition(condition, "when", index)

    def _condition(self, condition: TenantCondition, *below: str | int) -> Iterator[Problem]:
        fields = self._of_objects(self._vocabulary.fields)
        yield from self._unknown(condition.field, fields, "field", *below, "field")
        if isinstance(condition.value, RelatedValue):
            relations = self._of_objects(self._vocabulary.relations)
            where = (*below, "value", "relation")
            yield from self._unknown(condition.value.relation, relations, "relation", *where)

    def _of_objects(self, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Names of every type of object that the deny can be about, as it has to hold for each."""
        words = self._vocabulary
        types = words.resources.get(self._deny.action, words.types)
        known = [members[name] for name in types if name in members]
        if self._deny.action != EVERY:
            return frozenset().union(*known)
        return frozenset.intersection(*known) if known else frozenset()

    def _unknown(self, name: str, known: Any, what: str, *below: str | int) -> Iterator[Problem]:
        if name in known or not (known or self._is_checked(what)):
            return
        path = (*self._path, *below)
        place = matching(self._tree, path)[1].place
        about = f" that '{self._deny.action}' is about" if what in ("field", "relation") else ""
        listed = f"; there is {', '.join(sorted(known))}" if 0 < len(known) <= 9 else ""
        near = closest(name, known)
        message = f"there is no {what} '{name}'{about}{'' if near else listed}"
        yield Problem.at(place, dotted(path), message, near)

    def _is_checked(self, what: str) -> bool:
        """True when the fields and relations of this platform are known at all."""
        return what in ("field", "relation") and bool(self._vocabulary.fields)
