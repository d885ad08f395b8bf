"""Proof of what policies do with who asks, from the texts of their rules.

What is proven holds for the platform's own entry point, which hands on what the packages say. With
another one nothing is proven, and everybody is decided on alone.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from colonnade.policy import PolicyModule
from colonnade.policy.principal_use import ANY_USE, NO_USE, PrincipalUse
from colonnade_runtime.adapters.policy.principal.rule_use import (
    OPAQUE,
    RuleName,
    RuleUse,
    rule_use,
)
from colonnade_runtime.adapters.policy.principal.terms import (
    TEXTS,
    head_term,
    is_collection_of_texts,
)
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages
from colonnade_runtime.adapters.policy.rego.module_inspection import (
    ENTRY_PACKAGE,
    SERVICE_PACKAGE,
    names_by_package,
)
from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline, outline
from colonnade_runtime.adapters.policy.rego.tokens import Token

ENTRY_POINTS = frozenset({"bc1ec38cd48b401a7da830322cb9402c41d3d0d87b4bb0c05be95e788a22f59a"})
"""Digests of entry points that only hand on what packages say, and look at nothing of a principal
but kind and roles. Read one anew before its digest is added."""

_NARROWING = ("deny", "masks", "expires_at")


def with_principal_uses(
    packages: ConsultedPackages, modules: Sequence[PolicyModule]
) -> ConsultedPackages:
    """The packages of `modules` with the use of a principal that is proven for each action."""
    outlines = [outline(module) for module in modules]
    entries = [entry_digest(item) for item in outlines if item.package == ENTRY_PACKAGE]
    if len(entries) != 1 or entries[0] not in ENTRY_POINTS:
        return packages
    rules = _RuleUses(outlines)
    uses = {action: rules.of_action(action, packages) for action in packages.granting}
    proven = {action: use for action, use in uses.items() if use != ANY_USE}
    return replace(packages, principal_uses=proven, texts=texts_of(outlines))


def texts_of(outlines: Iterable[ModuleOutline]) -> frozenset[str]:
    """Every text that stands in the modules, as it is written and as it is read."""
    return frozenset(
        text
        for item in outlines
        for rule in item.rules
        for token in rule.tokens
        if token.kind in TEXTS
        for text in _readings(token)
    )


def entry_digest(item: ModuleOutline) -> str:
    """Digest of an entry point's rules, without comments and white space."""
    imports = sorted(item.imports)
    words = [[token.text for token in rule.tokens] for rule in item.rules]
    return hashlib.sha256(json.dumps([imports, words]).encode()).hexdigest()


def _readings(token: Token) -> Iterator[str]:
    yield token.text[1:-1]
    try:
        yield str(json.loads(token.text))
    except ValueError:
        # Raw texts and escapes of Rego's own are read as they are written.
        return


class _RuleUses:
    """Uses of a principal by rules, followed from rule to rule."""

    def __init__(self, outlines: Sequence[ModuleOutline]) -> None:
        self._names = names_by_package(outlines)
        self._constants = _constants(outlines)
        self._rules: dict[RuleName, RuleUse] = defaultdict(RuleUse)
        for item in outlines:
            self._read(item)
        self._carrying = self._found_carrying()

    def of_action(self, action: str, packages: ConsultedPackages) -> PrincipalUse:
        """The use that a decision on `action` makes."""
        granting = [(name, "grants") for name in packages.granting[action]]
        narrowing = [(name, rule) for name in packages.narrowing for rule in _NARROWING]
        uses = [self._of_set((SERVICE_PACKAGE + name, rule)) for name, rule in granting + narrowing]
        return reduce(PrincipalUse.joined, uses, NO_USE)

    def _of_set(self, root: RuleName) -> PrincipalUse:
        """The use that a rule makes which the entry point hands on, with all that it refers to."""
        use, seen, waiting = NO_USE, set[RuleName](), [root]
        if root[1] not in {"grants", "deny"} and root in self._carrying:
            # Only conditions are looked through for the placeholder.
            use = use.joined(PrincipalUse(False, frozenset(), False))
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self._rules:
                continue
            seen.add(name)
            rule = self._rules[name]
            use = use.joined(rule.use)
            if rule.read & self._carrying:
                use = use.joined(PrincipalUse(False, frozenset(), False))
            waiting += [*rule.passed_on, *rule.read]
        return use

    def _read(self, item: ModuleOutline) -> None:
        for rule in item.rules:
            name = (item.package, rule.head.text)
            if item.imports:
                self._rules[name].add(OPAQUE)
                continue
            constants = self._constants.get(item.package, frozenset())
            self._rules[name].add(rule_use(rule, item.package, self._names, constants))

    def _found_carrying(self) -> frozenset[RuleName]:
        carrying = {name for name, rule in self._rules.items() if rule.carries}
        while True:
            more = {
                name
                for name, rule in self._rules.items()
                if name not in carrying and rule.passed_on & carrying
            }
            if not more:
                return frozenset(carrying)
            carrying |= more


def _constants(outlines: Iterable[ModuleOutline]) -> Mapping[str, frozenset[str]]:
    """The rules by package that are one collection of texts each, whoever asks."""
    terms: dict[RuleName, list[bool]] = defaultdict(list)
    for item in outlines:
        for rule in item.rules:
            term = head_term(rule.tokens)
            is_whole = term.stop == len(rule.tokens) and term.start == 2
            is_constant = is_whole and is_collection_of_texts(rule.tokens, term)
            terms[item.package, rule.head.text].append(is_constant)
    found: dict[str, frozenset[str]] = {}
    for (package, name), constant in terms.items():
        if constant == [True]:
            found[package] = found.get(package, frozenset()) | {name}
    return found
