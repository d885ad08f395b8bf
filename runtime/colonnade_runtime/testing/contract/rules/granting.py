"""Rule about what a plugin's policies grant of other services' actions."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from colonnade.operations import operation_of
from colonnade.policy import ConfirmedGrants, PolicyBundle, PolicyModule, Vocabulary
from colonnade_runtime.adapters.policy.grants.anonymous_grants import anonymous_grants
from colonnade_runtime.adapters.policy.grants.cross_service_grants import (
    CONFIRMED,
    cross_service_grants,
    foreign_packages,
    unconfirmed,
)
from colonnade_runtime.adapters.policy.rego.files import policy_files, read_policies, read_source
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE, SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline
from colonnade_runtime.adapters.policy.trial.verification import trial_result
from colonnade_runtime.declaration.confirmed_grants import read_confirmed_grants
from colonnade_runtime.testing.contract.examination.policy_folder import brought_policies, lay_out
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def grants_of_other_services_are_confirmed(subject: Subject) -> Iterator[str]:
    """Policies grant its own operations' actions; an operator has confirmed any other."""
    if not brought_policies(subject):
        return
    with tempfile.TemporaryDirectory() as name:
        bundle = PolicyBundle(_modules(subject, Path(name)), {}, confirmed=_confirmed(subject))
    told = asyncio.run(trial_result(bundle))
    if told is None or "strangers" not in told:
        raise NotTried("the policies cannot be tried out")
    bundle = replace(bundle, vocabulary=_vocabulary(subject, bundle.modules, told["declared"]))
    yield from (str(problem) for problem in foreign_packages(bundle))
    strangers = {
        (it.action, it.package) for it in anonymous_grants(told["strangers"], bundle.modules)
    }
    grants = cross_service_grants(bundle, told["declared"], strangers)
    yield from (str(problem) for problem in unconfirmed(grants))


def _modules(subject: Subject, folder: Path) -> tuple[PolicyModule, ...]:
    """The platform's policies, and the plugin's except those that the operator replaces."""
    lay_out(subject, folder)
    own = {} if subject.policies is None else _own(subject.policies)
    brought = {Path(name).name for name in brought_policies(subject)}
    return tuple(
        _known(subject, module, own) if Path(module.path).name in brought else module
        for module in read_policies(folder)
    )


def _own(folder: Path) -> Mapping[str, str]:
    return {path.name: read_source(path) for path in policy_files(folder)}


def _known(subject: Subject, module: PolicyModule, own: Mapping[str, str]) -> PolicyModule:
    """A module that the plugin brings, as its own; the operator's where that takes its place."""
    name = Path(module.path).name
    if name in own:
        return PolicyModule(name, own[name])
    return PolicyModule(name, module.source, subject.info.name, subject.service or "")


def _vocabulary(
    subject: Subject, modules: Sequence[PolicyModule], declared: Mapping[str, Sequence[str]]
) -> Vocabulary:
    """The services that there are, and whose each action is.

    The plugin does not have to require a service for its policies to speak of it: what is no
    action of its own operations belongs to the service whose policy declares it, or to somebody.
    """
    own = {operation_of(request).action for request in subject.operations}
    kinds = {action.partition(".")[0] for action in own}
    theirs = {
        outline(module).package.removeprefix(SERVICE_PACKAGE)
        for module in modules
        if not module.plugin
    }
    actions: dict[str, frozenset[str]] = {}
    for package, names in declared.items():
        for name in names:
            if package in theirs and package != subject.service:
                actions[name] = actions.get(name, frozenset()) | {package}
            elif name.partition(".")[0] not in kinds:
                actions.setdefault(name, frozenset())
    mine = frozenset({subject.service or subject.info.name})
    return Vocabulary(
        actions={name: services or _UNKNOWN for name, services in actions.items()}
        | {name: mine | actions.get(name, frozenset()) for name in own},
        services=frozenset(theirs - {ENTRY_PACKAGE}),
    )


def _confirmed(subject: Subject) -> Mapping[str, ConfirmedGrants]:
    if subject.policies is None:
        return {}
    return read_confirmed_grants(subject.policies / CONFIRMED)


_UNKNOWN = frozenset({""})
"""Stands for a service that is not here."""

CHECKS = (grants_of_other_services_are_confirmed,)
