"""`colonnade nats`: what a NATS server has to know of the platform, and to keep for it.

What needs the optional `nats` package is imported where it is used: without it, every other
command works.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
import structlog

from colonnade.errors import ConfigurationError
from colonnade.events import event_type_of
from colonnade.secrets import resolve
from colonnade_runtime.background.events.declared_reactions import declared_reactions
from colonnade_runtime.cli.output import format_option, show_json, show_rows, working
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration.loader import LoadedPlatform
from colonnade_runtime.declaration.model.placement import (
    GATEWAY,
    Placement,
    placement_of,
    placements,
)
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.plugins.plugin import Plugins

if TYPE_CHECKING:
    from colonnade_runtime.adapters.bus.nats.connection.options import NatsOptions
    from colonnade_runtime.adapters.bus.nats.events.stream_administration import StreamSetup
    from colonnade_runtime.adapters.bus.nats.events.streams import Stream
    from colonnade_runtime.adapters.bus.nats.permissions import ProcessNeeds

_SCHEMES = ("nats", "tls")


@click.group()
def nats() -> None:
    """Prepare a NATS server for the platform."""


@nats.command("permissions")
@format_option
@click.pass_obj
def show_permissions(site: Site, style: str) -> None:
    """Print which subjects each process may use.

    Everything is worked out from what the services declare: whom they ask, what they publish and
    what they react to. The user `administrator` makes the streams, see `nats setup`.
    """
    _check_installed()
    from colonnade_runtime.adapters.bus.nats.permissions import permissions, server_configuration

    plugins = site.plugins()
    found = permissions(needs_of(site.load(plugins).platform, plugins))
    if style == "json":
        show_json(
            [
                {"user": each.process, "publish": each.publish, "subscribe": each.subscribe}
                for each in found
            ]
        )
        return
    click.echo(server_configuration(found), nl=False)


@nats.command("setup")
@click.option("--repair", is_flag=True, help="Set back streams that somebody changed.")
@format_option
@click.pass_obj
def set_up_streams(site: Site, repair: bool, style: str) -> None:
    """Make the streams that the platform needs, and keep them as declared.

    Connects to the declared bus as the user `administrator` in the place of {process}. Run it
    before the first start, and after a change of services, `replicas` or `max_age`. It may run
    again at any time, also while the platform runs.
    """
    _check_installed()
    from colonnade_runtime.adapters.bus.nats.events.stream_administration import StreamStatus
    from colonnade_runtime.adapters.bus.nats.permissions import streams_of

    plugins = site.plugins()
    loaded = site.load(plugins)
    options = _administrator(loaded, plugins)
    streams = streams_of(needs_of(loaded.platform, plugins))
    with working("Looking at the streams"):
        found = asyncio.run(_set_up(options, streams, repair))
    rows = [
        {"stream": each.stream, "state": each.state, "differences": list(each.differences)}
        for each in found
    ]
    if style == "json":
        show_json(rows)
    else:
        shown = [row | {"differences": "; ".join(row["differences"])} for row in rows]
        show_rows(shown, ("stream", "state", "differences"), "No service publishes anything.")
    if any(each.state is StreamStatus.FOREIGN for each in found):
        raise ConfigurationError(
            "Somebody changed a stream, and nothing was done to it. Find out who; --repair sets it"
            " back. Events in it that others put there stay: services refuse those."
        )


def needs_of(platform: Platform, plugins: Plugins) -> "list[ProcessNeeds]":
    """Permissions of every process and replica; of the only process when none is declared."""
    if not platform.processes:
        return [_needs(placement_of(platform, None), plugins)]
    every = [*placements(platform), placement_of(platform, GATEWAY)]
    return [_needs(place, plugins) for place in every]


def _needs(place: Placement, plugins: Plugins) -> "ProcessNeeds":
    from colonnade_runtime.adapters.bus.nats.permissions import ProcessNeeds

    hosts = place.services
    required = plugins.requires()
    return ProcessNeeds(
        place.name,
        hosts=hosts,
        asks=[
            *(asked for name in hosts for asked in required[name]),
            *(_asked_about_callers(plugins) if hosts else ()),
        ],
        hears=[heard for name in hosts for heard in _heard(name, plugins)],
        observes=list(_observed(plugins)) if hosts else (),
    )


def _heard(service: str, plugins: Plugins) -> Iterator[tuple[str, str]]:
    """The consumers of a service, each with the type of its event."""
    plugin = plugins.services[service]
    subscribed = {event_type_of(model).type for model in plugin.subscriptions}
    for reaction, event in sorted(declared_reactions(plugin.module).items()):
        if event.type in subscribed:
            yield f"{service}:{reaction}", event.type
    for reaction, model in sorted(plugins.extension_reactions(service).items()):
        yield f"{service}:{reaction}", event_type_of(model).type


def _observed(plugins: Plugins) -> Iterator[str]:
    """The events after which a process with HTTP has to verify its callers anew."""
    for plugin in plugins.services.values():
        yield from (event_type_of(each).type for each in plugin.principal_events)


def _asked_about_callers(plugins: Plugins) -> Iterator[str]:
    """The services that say, in every process with HTTP, who calls; they may ask others for it."""
    for name, plugin in plugins.services.items():
        if hasattr(plugin.module, "authenticators"):
            yield from (name, *plugin.info.requires)


def _administrator(loaded: LoadedPlatform, plugins: Plugins) -> "NatsOptions":
    from colonnade_runtime.adapters.bus.nats.connection.options import own_user, read_options
    from colonnade_runtime.adapters.bus.nats.events.stream_administration import ADMINISTRATOR

    bus = loaded.platform.bus
    if bus.scheme not in _SCHEMES:
        raise ConfigurationError(
            f"The bus of this platform is {bus.url}, which needs no streams; they are for "
            "bus: nats://… and tls://…."
        )
    declared = bus.administrator or bus.password
    secret = None if declared is None else resolve(declared, plugins.adapters("secret_resolvers"))
    password = None if secret is None else secret.reveal()
    return read_options(own_user(bus.url, ADMINISTRATOR), loaded.root, password)


async def _set_up(
    options: "NatsOptions", streams: "Sequence[Stream]", repair: bool
) -> "list[StreamSetup]":
    from colonnade_runtime.adapters.bus.nats.events.stream_administration import (
        administration,
        set_up_stream,
    )

    async with administration(options, structlog.get_logger("nats")) as api:
        return [await set_up_stream(api, stream, options, repair=repair) for stream in streams]


def _check_installed() -> None:
    try:
        import nats as library  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            f"This command needs {error.name}; install it with: pip install 'colonnade[nats]'"
        ) from error
