"""Policies of a platform, for `colonnade plan`: files, grants across services and to strangers."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from colonnade_runtime.adapters.policy.grants.anonymous_grants import AnonymousGrant
from colonnade_runtime.adapters.policy.grants.cross_service_grants import CrossServiceGrant
from colonnade_runtime.adapters.policy.rego.files import plain, read_policies
from colonnade_runtime.adapters.policy.trial.grant_survey import grant_survey
from colonnade_runtime.assembly.policies import (
    brought_policies,
    policies_without_effect,
    policy_bundle,
)
from colonnade_runtime.cli.output import working
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.plugins.plugin import Plugins


def policy_files_of(folder: Path, plugins: Plugins) -> dict[str, Any]:
    """The files that decide, of each that a plugin brings whether an operator's replaces it, and
    what only looks like a policy.

    Raises:
        PolicyError: when a file cannot be read.
    """
    brought = brought_policies(plugins)
    modules = read_policies(folder, brought)
    own = {Path(module.path).name: module for module in modules if not module.plugin}
    return {
        "files": sorted(module.path for module in modules),
        "brought": [
            {
                "file": module.path,
                "plugin": module.plugin,
                "replaced_by": replacement.path if replacement else None,
                "differs": replacement is not None and replacement.source != plain(module.source),
            }
            for module in sorted(brought, key=lambda module: (module.path, module.plugin))
            for replacement in [own.get(module.path)]
        ],
        "without_effect": policies_without_effect(folder, plugins, modules),
    }


def policy_files_text(policies: Mapping[str, Any]) -> Iterator[str]:
    """The same for people to read, a line a file."""
    said: dict[str, list[str]] = {}
    for file in policies["brought"]:
        if file["replaced_by"] is None:
            said.setdefault(file["file"], []).append(f", by plugin {file['plugin']}")
        else:
            text = "" if file["differs"] else ", with the same text"
            of_plugin = f", in place of the plugin {file['plugin']}'s{text}"
            said.setdefault(file["replaced_by"], []).append(of_plugin)
    for name in policies["files"]:
        yield f"  {name}{''.join(said.get(name, ()))}"
    yield from (f"  warning: {sentence}" for sentence in policies["without_effect"])


def grants_of(loaded: LoadedPlatform, plugins: Plugins) -> dict[str, Any] | None:
    """Grants of other services' actions, and to strangers; nothing when nobody can tell.

    Raises:
        ConfigurationError: when the policies, or what confirms grants, cannot be read.
    """
    bundle = policy_bundle(loaded, plugins)
    with working("Trying the policies out"):
        found = asyncio.run(grant_survey(bundle))
    if found is None:
        return None
    return {
        "of_other_services": [_foreign(grant) for grant in found.foreign],
        "to_strangers": [_to_strangers(grant) for grant in found.strangers],
    }


def grants_text(grants: Mapping[str, Any] | None) -> Iterator[str]:
    """The same for people to read."""
    if grants is None:
        yield "  what the policies grant cannot be said: `colonnade check` says what is wrong"
        return
    foreign, strangers = grants["of_other_services"], grants["to_strangers"]
    yield f"  grants of other services' actions:{'' if foreign else ' none'}"
    yield from (f"    {_line(grant)}" for grant in foreign)
    yield f"  strangers may:{'' if strangers else ' nothing'}"
    for grant in strangers:
        objects = f", where {' or '.join(grant['objects'])}" if grant["objects"] else ""
        yield f"    {grant['action']}{objects} ({', '.join(grant['policies'])})"


def _foreign(grant: CrossServiceGrant) -> dict[str, Any]:
    return {
        "action": grant.action,
        "services": list(grant.services),
        "policy": grant.path,
        "place": grant.place,
        "plugin": grant.plugin or None,
        "to_strangers": grant.to_strangers,
        "confirmed": grant.is_confirmed if grant.plugin else None,
    }


def _to_strangers(grant: AnonymousGrant) -> dict[str, Any]:
    return {
        "action": grant.action,
        "policies": list(grant.paths),
        "objects": list(grant.objects),
    }


def _line(grant: Mapping[str, Any]) -> str:
    whose = f"plugin {grant['plugin']}" if grant["plugin"] else "the operator"
    strangers = ", to strangers too" if grant["to_strangers"] else ""
    confirmed = {None: "", True: "; confirmed", False: "; NOT CONFIRMED"}[grant["confirmed"]]
    services = ", ".join(grant["services"])
    return f"{grant['place']}: {grant['action']} of {services}{strangers}, by {whose}{confirmed}"
