"""`colonnade nats`: what a NATS server has to know of the platform.

What needs the optional `nats` package is imported where it is used: without it, every other
command works.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from colonnade.errors import ConfigurationError
from colonnade.events import event_type_of
from colonnade_runtime.cli.output import format_option, show_json
from colonnade_runtime.cli.site import Site
from colonnade_runtime.declaration.places import FRONT, Place, place_of, places
from colonnade_runtime.declaration.platform import Platform
from colonnade_runtime.plugins import Plugins

if TYPE_CHECKING:
    from colonnade_runtime.adapters.bus.nats.permissions import Needs, Permissions


@click.group()
def nats() -> None:
    """Prepare a NATS server for the platform."""


@nats.command("permissions")
@format_option
@click.pass_obj
def show_permissions(site: Site, style: str) -> None:
    """Print which subjects each process may use.

    Everything is worked out from what the services declare: whom they ask, what they publish and
    what they react to.
    """
    try:
        from colonnade_runtime.adapters.bus.nats.permissions import server_configuration
    except ImportError as error:
        raise ConfigurationError(
            f"This command needs {error.name}; install it with: pip install 'colonnade[nats]'"
        ) from error
    plugins = site.plugins()
    found = permissions_of(site.load(plugins).platform, plugins)
    if style == "json":
        show_json(
            [
                {"user": each.process, "publish": each.publish, "subscribe": each.subscribe}
                for each in found
            ]
        )
        return
    click.echo(server_configuration(found), nl=False)


def permissions_of(platform: Platform, plugins: Plugins) -> "list[Permissions]":
    """Those of every process and replica; of one that hosts everything when none is declared."""
    from colonnade_runtime.adapters.bus.nats.permissions import permissions

    if not platform.processes:
        return [permissions(_needs(place_of(platform, None), plugins))]
    every = [*places(platform), place_of(platform, FRONT)]
    return [permissions(_needs(place, plugins)) for place in every]


def _needs(place: Place, plugins: Plugins) -> "Needs":
    from colonnade_runtime.adapters.bus.nats.permissions import Needs

    hosts = place.services
    required = plugins.requires()
    asks = [asked for name in hosts for asked in required[name]]
    heard = [
        model for name in hosts for model in plugins.services[name].call("subscriptions") or ()
    ]
    return Needs(
        place.name,
        hosts=hosts,
        asks=[*asks, *(_asked_about_callers(plugins) if hosts else ())],
        hears=[event_type_of(model).type for model in heard],
    )


def _asked_about_callers(plugins: Plugins) -> Iterator[str]:
    """The services that say, in every process with HTTP, who calls; they may ask others for it."""
    for name, plugin in plugins.services.items():
        if hasattr(plugin.module, "authenticators"):
            yield from (name, *plugin.info.requires)
