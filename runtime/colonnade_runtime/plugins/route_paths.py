"""Paths of what plugins offer over HTTP, and which of them a page may have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from litestar import Controller
from litestar.handlers import HTTPRouteHandler

from colonnade_runtime.plugins.plugin import Plugin, PluginError

API = "/api/v1"
"""The path below which the routes of all services lie."""

RESERVED = frozenset(
    {
        *("", "api", "docs", "openapi.json", "favicon.ico", "robots.txt"),
        *("livez", "readyz", "metrics"),
    }
)
"""First segments of paths that the platform itself answers."""


def offered_handlers(offered: Sequence[Any]) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Each handler among the handlers and controllers that a hook answered, with its path."""
    for item in offered:
        if isinstance(item, HTTPRouteHandler):
            yield from ((_joined("", path), item) for path in sorted(item.paths))
        elif isinstance(item, type) and issubclass(item, Controller):
            for name in dir(item):
                handler = getattr(item, name, None)
                if isinstance(handler, HTTPRouteHandler):
                    prefix = str(getattr(item, "path", ""))
                    yield from ((_joined(prefix, path), handler) for path in sorted(handler.paths))


def page_problems(services: Mapping[str, Plugin]) -> list[str]:
    """Sentences for the pages of plugins that cannot be where they say."""
    problems: list[str] = []
    owners: dict[str, Plugin] = {}
    for plugin in services.values():
        try:
            offered = plugin.pages
        except PluginError as error:
            problems += error.message.splitlines()
            continue
        segments = dict.fromkeys(
            path.strip("/").partition("/")[0] for path, _ in offered_handlers(offered)
        )
        for segment in segments:
            problems += _refused(plugin, segment)
            other = owners.setdefault(segment, plugin)
            if other is not plugin:
                problems.append(
                    f"The {other} and the {plugin} both have pages below '/{segment}': remove one "
                    "of them from the platform."
                )
    return problems


def _refused(plugin: Plugin, segment: str) -> list[str]:
    if segment in RESERVED:
        return [
            f"The {plugin} has a page at '/{segment}', which the platform itself answers: it has "
            "to choose another path."
        ]
    if "{" in segment:
        return [
            f"The {plugin} has a page whose path begins with the parameter '{segment}', and would "
            "take every path for its own: it has to begin with a word."
        ]
    return []


def _joined(prefix: str, path: str) -> str:
    return "/" + "/".join(part.strip("/") for part in (prefix, path) if part.strip("/"))
