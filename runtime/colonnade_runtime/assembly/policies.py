"""The policies of a process: the operator's files and every plugin's rules."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from colonnade.faults import Faults
from colonnade.operations import Operation, operation_of
from colonnade.policy import PolicyBundle, PolicyError, PolicyModule, Vocabulary
from colonnade_runtime.adapters.policy.grants.cross_service_grants import CONFIRMED
from colonnade_runtime.adapters.policy.grants.overrides import lost_overrides
from colonnade_runtime.adapters.policy.grants.without_effect import (
    files_without_effect,
    grants_without_effect,
)
from colonnade_runtime.adapters.policy.rego.files import read_policies
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.confirmed_grants import read_confirmed_grants
from colonnade_runtime.plugins.plugin import Plugins

WITHOUT_EFFECT = "policies_without_effect"


def policy_bundle(
    loaded: LoadedPlatform, plugins: Plugins, hosted: Collection[str] | None = None
) -> PolicyBundle:
    """The policies of a platform, the actions that they must know, and what they may name.

    A process that hosts only some of the services names them in `hosted`; see `vocabulary_of`.

    Raises:
        PolicyError: when a file cannot be read.
        DeclarationError: when what confirms grants of plugins is wrong.
    """
    return bundle_of(loaded.policies_folder, plugins, hosted)


def bundle_of(
    folder: Path, plugins: Plugins, hosted: Collection[str] | None = None
) -> PolicyBundle:
    """Bundle of a folder of policies, like `policy_bundle`, without the rest of the platform.

    Raises:
        PolicyError: when a file cannot be read.
        DeclarationError: when what confirms grants of plugins is wrong.
    """
    actions = {each.action: each.service for each in _operations(plugins)}
    modules = read_policies(folder, brought_policies(plugins))
    vocabulary = vocabulary_of(plugins, hosted)
    confirmed = read_confirmed_grants(folder / CONFIRMED, names_of_plugins(plugins), actions)
    return PolicyBundle(modules, actions, vocabulary, confirmed)


def policies_without_effect(
    folder: Path, plugins: Plugins, modules: Sequence[PolicyModule]
) -> list[str]:
    """Sentences about what looks like a policy and does not count, each with its place.

    `modules` are those that count. Blocks on the disk.

    Raises:
        PolicyError: when the folder cannot be read.
    """
    brought = {module.path: module.plugin for module in brought_policies(plugins)}
    found = [*files_without_effect(folder, brought), *grants_without_effect(modules)]
    return [str(problem) for problem in sorted(found)]


def report_without_effect(faults: Faults, sentences: Sequence[str]) -> None:
    """Report what `policies_without_effect` found, or withdraw it where that is nothing."""
    if not sentences:
        faults.withdraw(WITHOUT_EFFECT)
        return
    told = "; ".join(sentence.rstrip(".") for sentence in sentences)
    mend = "Mend the files; they are looked at again with the next reload (SIGHUP)."
    faults.report(WITHOUT_EFFECT, f"Policies are perhaps not as they are meant: {told}.", mend=mend)


class LostOverrides(PolicyError):
    """Files of the operator that are gone while the platform runs, and a plugin's would count.

    A start would take it: `check`, which looks at the files alone, finds nothing wrong.
    """


def refuse_lost_overrides(before: PolicyBundle, after: PolicyBundle) -> None:
    """Keep plugins' files from coming back while the platform runs; see `lost_overrides`.

    Raises:
        LostOverrides: naming each file of the operator that is gone.
    """
    problems = list(lost_overrides(before, after))
    if problems:
        raise LostOverrides(problems)


def brought_policies(plugins: Plugins) -> list[PolicyModule]:
    """Every policy that plugins bring, by what each calls its file."""
    return [
        PolicyModule(name, source, plugin.info.name, plugin.info.service or "")
        for plugin in plugins.every()
        for name, source in plugin.policies.items()
    ]


def names_of_plugins(plugins: Plugins) -> frozenset[str]:
    """The plugins that are loaded or could be."""
    loaded = {plugin.info.name for plugin in plugins.every()}
    return plugins.installed | loaded


def vocabulary_of(plugins: Plugins, hosted: Collection[str] | None = None) -> Vocabulary:
    """Names that policies may use on a platform with these plugins.

    Fields and relations are those of tables. A process that hosts only some of the services loads
    no others' tables, so there they are left out; `colonnade check` knows them all.
    """
    operations = list(_operations(plugins))
    actions: dict[str, set[str]] = defaultdict(set)
    resources: dict[str, set[str]] = defaultdict(set)
    for each in operations:
        actions[each.action].add(each.service)
        resources[each.action].add(each.resource)
    fields: dict[str, set[str]] = defaultdict(set)
    relations: dict[str, set[str]] = defaultdict(set)
    whole = hosted is None or set(hosted) >= set(plugins.services)
    for plugin in plugins.every() if whole else ():
        for resource_type in plugin.policy_attributes:
            fields[resource_type.name].update(resource_type.fields)
            relations[resource_type.name].update(resource_type.relations)
    return Vocabulary(
        actions=_frozen(actions),
        resources=_frozen(resources),
        fields=_frozen(fields),
        relations=_frozen(relations),
        shown=frozenset(_shown(operations)),
        roles=frozenset(role for plugin in plugins.every() for role in plugin.info.roles),
        services=frozenset(plugins.services),
        absent=plugins.installed - set(plugins.services),
    )


def _operations(plugins: Plugins) -> Iterator[Operation]:
    for plugin in plugins.every():
        for request in plugin.operations:
            yield operation_of(request)


def _frozen(found: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(members) for name, members in sorted(found.items())}


def _shown(operations: list[Operation]) -> Iterator[str]:
    """The members of every representation, those within others included."""
    seen: set[Any] = set()
    waiting: list[Any] = [each.response for each in operations]
    while waiting:
        annotation = waiting.pop()
        if not isinstance(annotation, Hashable) or annotation in seen:
            continue
        seen.add(annotation)
        waiting += [
            each for each in get_args(annotation) if isinstance(each, type) or get_args(each)
        ]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from annotation.model_fields
            waiting += [each.annotation for each in annotation.model_fields.values()]
