"""Plan of a platform as plain data, and the graph of its services."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from colonnade.events import Event, event_type_of
from colonnade.http import BINDING, Binding
from colonnade.operations import Operation
from colonnade.quantities import Duration
from colonnade_runtime.assembly.policies import vocabulary_of
from colonnade_runtime.cli.plan_policies import (
    grants_of,
    grants_text,
    policy_files_of,
    policy_files_text,
)
from colonnade_runtime.cli.plan_schemas import fields_of, schema_of
from colonnade_runtime.cli.site import operations_of
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.model.placement import (
    GATEWAY,
    Placement,
    placement_of,
    placements,
)
from colonnade_runtime.plugins.plugin import Plugins
from colonnade_runtime.plugins.route_paths import API, offered_handlers

_PARAMETER = re.compile(r"\{(\w+):\w+\}")
"""A parameter as routes are written, with its type."""


def plan_of(loaded: LoadedPlatform, plugins: Plugins, *, schemas: bool = False) -> dict[str, Any]:
    """Services in start order with what they offer, extensions, processes and tenants; with
    `schemas`, also what each operation takes and answers and what each event says."""
    asked = plugins.requires()
    operations = operations_of(plugins)
    services = [
        {
            "name": name,
            "plugin": str(plugins.services[name]),
            "requires": list(asked[name]),
            "stores": {
                kind: address.url
                for kind, address in loaded.platform.store_of(name)
                if address is not None
            },
            "operations": [
                {
                    "name": found.name,
                    "action": found.action,
                    "subject": found.subject,
                    **(_schemas_of(found) if schemas else {}),
                }
                for found in operations
                if found.service == name
            ],
            "routes": list(_routes(plugins.services[name].http_routes, API)),
            "pages": list(_routes(plugins.services[name].pages)),
            "publishes": _types(plugins.services[name].events),
            **({"events": _event_schemas(plugins.services[name].events)} if schemas else {}),
            "reacts_to": _types(
                [
                    *plugins.services[name].subscriptions,
                    *plugins.extension_reactions(name).values(),
                ]
            ),
            "schedules": [
                {"name": each.name, "every": str(Duration(each.every))}
                for each in plugins.services[name].schedules
            ],
        }
        for name in plugins.start_order
    ]
    return {
        "environment": loaded.platform.environment,
        "services": services,
        "extensions": [str(plugin) for plugin in plugins.extensions.values()],
        "processes": {
            name: list(process.services) for name, process in loaded.platform.placement().items()
        },
        "places": [
            {"name": place.name, "services": list(place.services), "url": place.url}
            for place in _all_places(loaded)
        ],
        "policies": {
            "engine": loaded.platform.policy.engine.url,
            "folder": str(loaded.policies_folder),
            **policy_files_of(loaded.policies_folder, plugins),
            "names": _names(plugins),
            "grants": grants_of(loaded, plugins),
        },
        "tenants": [
            {"id": tenant.id, "name": tenant.name, "status": tenant.status}
            for tenant in loaded.tenants.values()
        ],
    }


def plan_text(plan: dict[str, Any]) -> str:
    """The plan for people to read."""
    lines = [f"environment: {plan['environment']}"]
    for service in plan["services"]:
        lines.append(f"service {service['name']}: {service['plugin']}")
        lines += [f"  requires {name}" for name in service["requires"]]
        lines += [f"  store {kind}: {url}" for kind, url in service["stores"].items()]
        for found in service["operations"]:
            lines.append(
                f"  operation {found['name']}: action {found['action']}, subject {found['subject']}"
            )
            lines += _schema_lines(found)
        lines += [f"  route {route}" for route in service["routes"]]
        lines += [f"  page {page}" for page in service["pages"]]
        for event in service["publishes"]:
            lines.append(f"  publishes {event}")
            lines += _schema_lines(service.get("events", {}).get(event, {}))
        lines += [f"  reacts to {event}" for event in service["reacts_to"]]
        lines += [f"  every {each['every']}: {each['name']}" for each in service["schedules"]]
    lines += [f"extension {name}" for name in plan["extensions"]]
    lines += [
        f"process {place['name']} on {place['url']}: {', '.join(place['services']) or 'forwards'}"
        for place in plan["places"]
    ]
    lines.append(f"policies: {plan['policies']['engine']} from {plan['policies']['folder']}")
    lines += policy_files_text(plan["policies"])
    names = plan["policies"]["names"]
    lines.append(f"  roles: {', '.join(names['roles']) or 'any'}")
    for found in names["objects"]:
        fields, relations = ", ".join(found["fields"]), ", ".join(found["relations"])
        lines.append(f"  object {found['name']}: {fields or 'no field'}")
        lines += [f"    related by {relations}"] if relations else []
    lines += grants_text(plan["policies"]["grants"])
    lines += [
        f"tenant {tenant['id']}: {tenant['name']}, {tenant['status']}" for tenant in plan["tenants"]
    ]
    return "\n".join(lines)


def graph_text(plugins: Plugins, style: str) -> str:
    """Text of the graph of services: one service a line, or a Mermaid flowchart."""
    asked = plugins.requires()
    if style == "text":
        lines = [
            f"{name} → {', '.join(asked[name])}" if asked[name] else name
            for name in plugins.start_order
        ]
        return "\n".join(lines)
    nodes = [f"    {name}" for name in plugins.start_order]
    edges = [f"    {name} --> {other}" for name in plugins.start_order for other in asked[name]]
    return "\n".join(["flowchart LR", *nodes, *edges])


def _schemas_of(operation: Operation) -> dict[str, Any]:
    return {
        "takes": [str(field) for field in fields_of(operation.request)],
        "answers": [str(field) for field in fields_of(operation.response)],
        "request": schema_of(operation.request),
        "response": schema_of(operation.response),
    }


def _event_schemas(models: Sequence[type[Event]]) -> dict[str, Any]:
    return {
        event_type_of(model).type: {
            "says": [str(field) for field in fields_of(model)],
            "data": schema_of(model),
        }
        for model in models
    }


def _schema_lines(described: dict[str, Any]) -> list[str]:
    return [
        f"    {verb} {', '.join(described[verb]) or 'nothing'}"
        for verb in ("takes", "answers", "says")
        if verb in described
    ]


def _types(models: Sequence[type[Event]] | None) -> list[str]:
    return sorted(event_type_of(model).type for model in models or ())


def _all_places(loaded: LoadedPlatform) -> list[Placement]:
    platform = loaded.platform
    if not platform.processes:
        return [placement_of(platform, None)]
    return [*placements(platform), placement_of(platform, GATEWAY)]


def _names(plugins: Plugins) -> dict[str, Any]:
    """Names for policies: roles, and the fields and relations of each type of object."""
    words = vocabulary_of(plugins)
    objects = [
        {
            "name": name,
            "fields": sorted(words.fields.get(name, ())),
            "relations": sorted(words.relations.get(name, ())),
        }
        for name in sorted(words.types)
    ]
    return {"roles": sorted(words.roles), "objects": objects, "masks": sorted(words.shown)}


def _routes(offered: Sequence[Any], prefix: str = "") -> Iterator[str]:
    for path, handler in offered_handlers(offered):
        binding = (handler.opt or {}).get(BINDING)
        target = f" → {binding.operation.name}" if isinstance(binding, Binding) else ""
        shown = _PARAMETER.sub(r"{\1}", f"{prefix}{path}".rstrip("/"))
        yield f"{','.join(sorted(handler.http_methods))} {shown}{target}"
