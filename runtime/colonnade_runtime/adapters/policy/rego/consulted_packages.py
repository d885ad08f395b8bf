"""Packages that an answer depends on, so that the engine need not look into all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from colonnade.policy import PolicyModule, PolicyQuery
from colonnade.policy.principal_use import PrincipalUse, generalised
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline

_ACTIONS = "actions"
_NARROWING = frozenset({"deny", "masks", "expires_at"})


@dataclass(frozen=True, slots=True)
class ConsultedPackages:
    """The names below `colonnade.services` that grant an action, and those that narrow any.

    `principal_uses` says by action what the policies do with who asks, as far as it is proven, and
    `texts` are all that stand in them.
    """

    granting: Mapping[str, tuple[str, ...]]
    narrowing: tuple[str, ...]
    principal_uses: Mapping[str, PrincipalUse] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()

    def generalised(self, query: PolicyQuery) -> PolicyQuery | None:
        """The question without what the policies do not look at, or nothing."""
        use = self.principal_uses.get(query.action)
        return None if use is None else generalised(query, use, self.texts)

    def told(self, document: Mapping[str, object], action: str) -> dict[str, object]:
        """The input document with the packages that matter for `action`."""
        granting = self.granting.get(action, ())
        return {
            **document,
            "packages": {"granting": granting, "narrowing": self.narrowing},
        }

    def granting_rules(self, action: str) -> tuple[str, ...]:
        """The rules that can grant `action`, as Rego names them."""
        return tuple(
            f"data.{SERVICE_PACKAGE}{name}.grants" for name in self.granting.get(action, ())
        )

    def narrowing_rules(self) -> tuple[str, ...]:
        """The rules that can deny any action; an academy's own, which are data, come last."""
        own = tuple(f"data.{SERVICE_PACKAGE}{name}.deny" for name in self.narrowing)
        return (*own, "input.tenant.status", "input.tenant_data.deny")


NO_PACKAGES = ConsultedPackages({}, ())


def declaring(modules: Sequence[PolicyModule]) -> tuple[str, ...]:
    """The packages that declare actions; which ones, only their rules can tell."""
    return _defining(modules, frozenset({_ACTIONS}))


def narrowing(modules: Sequence[PolicyModule]) -> tuple[str, ...]:
    """The packages that deny, mask or let answers end.

    To be read from the heads of rules alone, since inspection refuses every other spelling.
    """
    return _defining(modules, _NARROWING)


def consulted_packages(
    declared: Mapping[str, Iterable[str]], narrowing: tuple[str, ...]
) -> ConsultedPackages:
    """The packages by action, from the actions by package."""
    granting: dict[str, tuple[str, ...]] = {}
    for name in sorted(declared):
        for action in declared[name]:
            granting[action] = (*granting.get(action, ()), name)
    return ConsultedPackages(granting, narrowing)


def _defining(modules: Sequence[PolicyModule], rules: frozenset[str]) -> tuple[str, ...]:
    outlines = [outline(module) for module in modules]
    names = {
        item.package.removeprefix(SERVICE_PACKAGE)
        for item in outlines
        if item.package.startswith(SERVICE_PACKAGE) and item.rule_names & rules
    }
    return tuple(sorted(names))
