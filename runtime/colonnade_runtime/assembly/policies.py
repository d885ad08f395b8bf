"""The policies of a process: the operator's files and every plugin's rules."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator
from typing import Any, get_args

from pydantic import BaseModel

from colonnade.operations import Operation, operation_of
from colonnade.policy import PolicyBundle, Vocabulary
from colonnade_runtime.adapters.policy.files import read_policies
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.installed_plugins import installed_plugins
from colonnade_runtime.plugin_loader import Plugins
from colonnade_runtime.plugins import offered


def policy_bundle(
    loaded: LoadedPlatform, plugins: Plugins, hosted: Collection[str] | None = None
) -> PolicyBundle:
    """The policies of a platform, the actions that they must know, and what they may name.

    A process that hosts only some of the services names them in `hosted`; see `vocabulary_of`.

    Raises:
        PolicyError: when a file cannot be read.
    """
    brought: dict[str, str] = {}
    for plugin in plugins.every():
        brought.update(offered(plugin, "policies") or {})
    actions = {each.action: each.service for each in _operations(plugins)}
    modules = read_policies(loaded.policies_folder, brought)
    return PolicyBundle(modules, actions, vocabulary_of(plugins, hosted))


def vocabulary_of(plugins: Plugins, hosted: Collection[str] | None = None) -> Vocabulary:
    """What policies may name on a platform with these plugins.

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
        for resource_type in offered(plugin, "policy_attributes") or ():
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
        absent=frozenset(name for name, *_ in installed_plugins()) - set(plugins.services),
    )


def _operations(plugins: Plugins) -> Iterator[Operation]:
    for plugin in plugins.every():
        for request in offered(plugin, "operations") or ():
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
