"""Names in policies that the platform does not have: one in a deny would permit in silence."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import product

from colonnade.policy import Operator, PolicyModule, PolicyProblem
from colonnade.policy.vocabulary import (
    PRINCIPAL_KINDS,
    TENANT_STATUSES,
    Vocabulary,
    suggestion,
)
from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline, outline
from colonnade_runtime.adapters.policy.vocabulary.rule_reader import RuleReader, read_arguments
from colonnade_runtime.adapters.policy.vocabulary.text_kinds import (
    PolicyText,
    TextFamilies,
    TextKind,
)

SERVICE_PACKAGE = "colonnade.services."
MOST_ACADEMIES = 32
NEAR = 0.8
"""From which likeness on a name is a misspelt one of this platform's, and not another's."""

_ACTION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_PRINCIPAL = "service:"
_PART: Mapping[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_OF_SERVICES = frozenset(
    {TextKind.ACTION, TextKind.RESOURCE, TextKind.FIELD, TextKind.RELATION, TextKind.MASK}
)
"""What only the service that is spoken of brings."""


def inspect_vocabulary(
    modules: Sequence[PolicyModule], vocabulary: Vocabulary
) -> list[PolicyProblem]:
    """A problem for each text that stands for something which the platform does not have.

    A file about a service that the platform does not enable may lie in the folder: what it names
    is passed over unless it is almost, but not quite, something that there is.
    """
    outlines = [item for item in map(outline, modules) if not item.problems]
    families = _families(outlines)
    texts = list(families.kinds())
    idle = _idle_packages(texts, vocabulary)
    judge = _Judge(vocabulary, idle)
    for kinds, text in texts:
        judge.look_at(kinds, text)
    return [problem for item in outlines for problem in item.problems]


def academies_of(modules: Sequence[PolicyModule]) -> list[dict[str, str]]:
    """Academies of which the policies speak by plan or id, as members of `input.tenant`."""
    outlines = [item for item in map(outline, modules) if not item.problems]
    named: dict[TextKind, list[str]] = {TextKind.PLAN: [""], TextKind.ACADEMY: [""]}
    for kinds, text in _families(outlines).kinds():
        for kind in kinds & named.keys():
            named[kind] += [] if text.part or text.value in named[kind] else [text.value]
    both = product(sorted(named[TextKind.PLAN]), sorted(named[TextKind.ACADEMY]))
    found = [
        {member: value for member, value in (("plan", plan), ("id", name)) if value}
        for plan, name in both
    ]
    return [each for each in found if each][:MOST_ACADEMIES]


def _families(outlines: Iterable[ModuleOutline]) -> TextFamilies:
    families = TextFamilies()
    names: dict[str, frozenset[str]] = {}
    for item in outlines:
        names[item.package] = names.get(item.package, frozenset()) | item.rule_names
    for item in outlines:
        for rule in item.rules:
            reader = RuleReader(families, item, rule, names[item.package])
            reader.read()
            read_arguments(reader)
    return families


def _idle_packages(
    texts: Iterable[tuple[frozenset[TextKind], PolicyText]], vocabulary: Vocabulary
) -> frozenset[str]:
    """Packages of services that are not enabled: those of plugins that are installed and not
    wanted, and those that speak of actions, and of none that there is."""
    found: dict[str, bool] = {}
    for kinds, text in texts:
        if TextKind.ACTION in kinds and not text.part:
            strange = _is_elsewhere(text.value, vocabulary)
            package = text.item.package
            found[package] = found.get(package, True) and strange
    enabled = {SERVICE_PACKAGE + name for name in vocabulary.services}
    absent = {SERVICE_PACKAGE + name for name in vocabulary.absent}
    return frozenset({name for name, idle in found.items() if idle} - enabled | absent)


def _is_elsewhere(action: str, vocabulary: Vocabulary) -> bool:
    """Tell whether an action is one of a service that is not enabled, not a misspelt one."""
    if action in vocabulary.actions:
        return False
    resource, known = action.partition(".")[0], _resources(vocabulary)
    return not get_close_matches(resource, known, n=1, cutoff=NEAR)


def _resources(vocabulary: Vocabulary) -> frozenset[str]:
    return vocabulary.types | {action.partition(".")[0] for action in vocabulary.actions}


class _Judge:
    """Notes at each text what is wrong with it."""

    def __init__(self, vocabulary: Vocabulary, idle: frozenset[str]) -> None:
        self._vocabulary = vocabulary
        self._idle = idle
        self._known: Mapping[TextKind, frozenset[str]] = {
            TextKind.ACTION: frozenset(vocabulary.actions),
            TextKind.RESOURCE: _resources(vocabulary),
            TextKind.ROLE: vocabulary.roles,
            TextKind.PRINCIPAL_KIND: PRINCIPAL_KINDS,
            TextKind.STATUS: TENANT_STATUSES,
            TextKind.FIELD: vocabulary.every_field(),
            TextKind.OPERATOR: frozenset(Operator),
            TextKind.RELATION: vocabulary.every_relation(),
            TextKind.MASK: vocabulary.shown,
        }

    def look_at(self, kinds: frozenset[TextKind], text: PolicyText) -> None:
        """Note it when the text is nothing of any of the kinds that its family has."""
        kinds = frozenset(kind for kind in kinds if self._known.get(kind))
        if text.part:
            self._look_at_part(kinds, text)
        elif not kinds:
            self._look_at_stray(text)
        elif not any(text.value in self._known[kind] for kind in kinds):
            self._tell(sorted(kinds)[0], text)

    def _tell(self, kind: TextKind, text: PolicyText) -> None:
        if self._is_about_others(kind, text):
            return
        hint = suggestion(text.value, self._known[kind])
        listed = "" if hint else _listed(self._known[kind])
        text.item.complain(f"there is no {kind} '{text.value}'{hint}{listed}.", text.token)

    def _is_about_others(self, kind: TextKind, text: PolicyText) -> bool:
        """Tell whether it belongs to a service that the platform does not enable."""
        if kind in _OF_SERVICES and text.item.package in self._idle:
            return True
        if kind is TextKind.RESOURCE:
            return not suggestion(text.value, self._known[kind])
        is_elsewhere = kind is TextKind.ACTION and _is_elsewhere(text.value, self._vocabulary)
        return is_elsewhere and not self._belongs_here(text.item)

    def _belongs_here(self, item: ModuleOutline) -> bool:
        return item.package.removeprefix(SERVICE_PACKAGE) in self._vocabulary.services

    def _look_at_part(self, kinds: frozenset[TextKind], text: PolicyText) -> None:
        known = [name for kind in kinds for name in self._known[kind]]
        if not known or text.item.package in self._idle:
            return
        if not any(_PART[text.part](name, text.value) for name in known):
            kind = sorted(kinds)[0]
            how = {"startswith": "begins with", "endswith": "ends in"}.get(text.part, "holds")
            text.item.complain(f"no {kind} {how} '{text.value}'.", text.token)

    def _look_at_stray(self, text: PolicyText) -> None:
        """A text of whose use nothing is known, and that looks as an action or principal does."""
        value = text.value
        if _ACTION.fullmatch(value) and value not in self._known[TextKind.ACTION]:
            if self._vocabulary.actions and not _is_elsewhere(value, self._vocabulary):
                self._tell(TextKind.ACTION, text)
        elif value.startswith(_PRINCIPAL):
            self._look_at_principal(text)

    def _look_at_principal(self, text: PolicyText) -> None:
        name = text.value.removeprefix(_PRINCIPAL)
        known = self._vocabulary.services
        near = get_close_matches(name, known, n=1, cutoff=NEAR)
        if name not in known and near:
            text.item.complain(
                f"there is no service '{name}' (did you mean '{near[0]}'?).", text.token
            )


def _listed(known: frozenset[str]) -> str:
    return f"; there is {', '.join(sorted(known))}" if 0 < len(known) <= 9 else ""
