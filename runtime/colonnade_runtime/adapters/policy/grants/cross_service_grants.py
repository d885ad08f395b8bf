"""Grants of actions that belong to another service than the policies that grant them.

Whoever installs a plugin trusts it with its own service. What its policies permit with the
courses or payments of others is for the operator to say.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from colonnade.policy import (
    NO_CONFIRMED_GRANTS,
    PolicyBundle,
    PolicyModule,
    PolicyProblem,
)
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE, SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline, outline
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind

CONFIRMED = "confirmed.yaml"
"""The file in the policy folder with what an operator has confirmed."""

_TEXTS = (TokenKind.TEXT, TokenKind.RAW_TEXT)


@dataclass(frozen=True, slots=True)
class CrossServiceGrant:
    """A policy that may grant an action of other services.

    `plugin` brought it; empty for the operator's own. `services` are those that offer the action.
    `path`, `line` and `column` are where the action is named, as far as it is written out.
    """

    action: str
    services: tuple[str, ...]
    plugin: str
    path: str
    line: int
    column: int
    to_strangers: bool
    is_confirmed: bool

    @property
    def place(self) -> str:
        """Place of the grant, as `file:line:column`."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


def cross_service_grants(
    bundle: PolicyBundle,
    declared: Mapping[str, Iterable[str]],
    strangers: Collection[tuple[str, str]],
) -> list[CrossServiceGrant]:
    """Every grant across services, from the actions that each package `declared`.

    Only a package that declares an action can grant it. A package of which a plugin brings any
    part counts as the plugin's, since each part of it can say whom the others grant to.
    `strangers` are the actions, with the package, that strangers are granted.
    """
    outlines = _by_package(bundle.modules)
    found = [
        _grant(bundle, outlines[package], action, (action, package) in strangers)
        for package, actions in sorted(declared.items())
        for action in sorted(actions)
        if _foreign_services(bundle, outlines[package], package, action)
    ]
    return sorted(found, key=lambda grant: (grant.path, grant.line, grant.action))


def unconfirmed(grants: Iterable[CrossServiceGrant]) -> Iterator[PolicyProblem]:
    """A problem for each grant of a plugin that the operator has not confirmed."""
    for grant in grants:
        if grant.plugin and not grant.is_confirmed:
            yield PolicyProblem(grant.path, grant.line, grant.column, _sentence(grant))


def foreign_packages(bundle: PolicyBundle) -> Iterator[PolicyProblem]:
    """A problem for each module of a plugin that speaks in the name of others.

    There every rule counts as theirs, also one that only says who administrates.
    """
    services = {*bundle.vocabulary.services, *bundle.vocabulary.absent, *bundle.actions.values()}
    outlines = [outline(module) for module in bundle.modules]
    owners: dict[str, set[str]] = {}
    for item in outlines:
        owners.setdefault(item.package, set()).add(item.module.plugin)
    for item in outlines:
        module, package = item.module, item.package
        name = package.removeprefix(SERVICE_PACKAGE)
        if not module.plugin or package == SERVICE_PACKAGE + module.service:
            continue
        if package == ENTRY_PACKAGE or name in services or len(owners[package]) > 1:
            yield PolicyProblem(module.path, 1, 1, _not_its_own(item))


def _not_its_own(item: ModuleOutline) -> str:
    module = item.module
    own = module.service or module.plugin.replace("-", "_")
    return (
        f"the plugin '{module.plugin}' must not speak in 'package {item.package}', which is not "
        f"its own: 'package {SERVICE_PACKAGE}{own}' is. Remove the plugin, or put a file of this "
        "name into the policy folder, which takes its place."
    )


def _by_package(modules: Sequence[PolicyModule]) -> Mapping[str, list[ModuleOutline]]:
    found: dict[str, list[ModuleOutline]] = {}
    for item in map(outline, modules):
        found.setdefault(item.package.removeprefix(SERVICE_PACKAGE), []).append(item)
    return found


def _foreign_services(
    bundle: PolicyBundle, outlines: Sequence[ModuleOutline], package: str, action: str
) -> frozenset[str]:
    """The other services that offer the action."""
    offering = bundle.vocabulary.actions.get(action)
    if offering is None:
        offering = frozenset({bundle.actions[action]} if action in bundle.actions else ())
    brought = _brought(outlines)
    return offering - {brought.service if brought else package}


def _brought(outlines: Sequence[ModuleOutline]) -> PolicyModule | None:
    return next((item.module for item in outlines if item.module.plugin), None)


def _grant(
    bundle: PolicyBundle, outlines: Sequence[ModuleOutline], action: str, to_strangers: bool
) -> CrossServiceGrant:
    brought = _brought(outlines)
    plugin = brought.plugin if brought else ""
    package = outlines[0].package.removeprefix(SERVICE_PACKAGE)
    item, token = _written(outlines, action)
    confirmed = bundle.confirmed.get(plugin, NO_CONFIRMED_GRANTS)
    return CrossServiceGrant(
        action=action,
        services=tuple(sorted(_foreign_services(bundle, outlines, package, action))),
        plugin=plugin,
        path=item.module.path,
        line=token.line if token else 0,
        column=token.column if token else 0,
        to_strangers=to_strangers,
        is_confirmed=not plugin or confirmed.cover(action, to_strangers=to_strangers),
    )


def _written(outlines: Sequence[ModuleOutline], action: str) -> tuple[ModuleOutline, Token | None]:
    """Place at which the action is written out, in a plugin's part of the package before others."""
    parts = sorted(outlines, key=lambda item: not item.module.plugin)
    for item in parts:
        for rule in item.rules:
            for token in rule.tokens:
                if token.kind in _TEXTS and token.text[1:-1] == action:
                    return item, token
    return parts[0], None


def _whose(services: Sequence[str]) -> str:
    if not all(services):
        return "another service"
    return " and ".join(f"the service '{name}'" for name in services)


def _sentence(grant: CrossServiceGrant) -> str:
    whose = _whose(grant.services)
    whom = ", to strangers too" if grant.to_strangers else ""
    key = "strangers" if grant.to_strangers else "grants"
    return (
        f"the plugin '{grant.plugin}' grants '{grant.action}' of {whose}{whom}, "
        f"which {CONFIRMED} in the policy folder does not confirm; to do so, write there "
        f"'{grant.plugin}: {{{key}: [{grant.action}]}}' below 'plugins:', or remove the plugin."
    )
