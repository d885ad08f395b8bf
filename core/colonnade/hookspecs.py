"""Every hook of the platform, in one file.

Hooks describe, the runtime runs: each is synchronous, cheap and *returns* data or a factory.
The runtime calls them plugin by plugin and awaits the work itself. Implement the ones you
need in your plugin module and mark them with `hookimpl`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import click
import pluggy
from pydantic import BaseModel

from colonnade.adapters import (
    BusFactory,
    DiscoveryFactory,
    GatewayFilter,
    PolicyFactory,
    StoreAdapter,
)
from colonnade.dead_letters import DeadLetterSource
from colonnade.events import Event
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.secrets import SecretResolver
from colonnade.services import HealthCheck, PluginInfo, Schedule, ServiceContext, StoreNeed

PROJECT = "colonnade"
"""The project name of the hook markers and of the entry-point group `colonnade.plugins`."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def plugin_info() -> PluginInfo:  # type: ignore[empty-body]
    """Say who this plugin is, which service it provides and whom it may ask."""


@hookspec
def config_model() -> type[BaseModel]:  # type: ignore[empty-body]
    """The model of `services.<name>.config` (or `plugins.<name>.config`) in platform.yaml."""


@hookspec
def tenant_config_model() -> type[BaseModel]:  # type: ignore[empty-body]
    """The model of `services.<name>.config` in a tenant's file."""


@hookspec
def create_service(ctx: ServiceContext) -> AbstractAsyncContextManager[Sequence[object]]:  # type: ignore[empty-body]
    """Set the service up before the yield, tear it down after; yield the objects that carry its
    handlers, reactions and scheduled methods."""


@hookspec
def operations() -> Sequence[type[Request[Any]]]:  # type: ignore[empty-body]
    """The operations this service offers: request models marked with `@operation`."""


@hookspec
def events() -> Sequence[type[Event]]:  # type: ignore[empty-body]
    """The events this service publishes."""


@hookspec
def subscriptions() -> Sequence[type[Event]]:  # type: ignore[empty-body]
    """The events this service reacts to, its own or others'."""


@hookspec
def extension_reactions(  # type: ignore[empty-body]
    answers: Callable[[str], Sequence[Any]],
) -> Mapping[str, type[Event]]:
    """Reactions of this service that other plugins bring by a hook which it owns: stored name
    (`<Class>.<method>`) → event. `answers` asks a hook without a context of every plugin."""


@hookspec
def sagas() -> Sequence[Any]:  # type: ignore[empty-body]
    """The sagas this service starts: `colonnade.sagas.Saga` definitions."""


@hookspec
def schedules() -> Sequence[Schedule]:  # type: ignore[empty-body]
    """Schedules: work that this service does from time to time."""


@hookspec
def dead_letters(ctx: ServiceContext) -> Sequence[DeadLetterSource]:  # type: ignore[empty-body]
    """Dead letters that this service keeps beside events, for `colonnade deadletters`."""


@hookspec
def http_routes() -> Sequence[Any]:  # type: ignore[empty-body]
    """Litestar controllers or route handlers, mounted under `/api/v1`."""


@hookspec
def pages() -> Sequence[Any]:  # type: ignore[empty-body]
    """Litestar handlers or controllers of pages for people, mounted outside `/api/v1`: made with
    `colonnade.pages.page` and `colonnade.http.download`."""


@hookspec
def stores() -> StoreNeed:  # type: ignore[empty-body]
    """Tables of this service, and the migrations that make them."""


@hookspec
def policies() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Rego modules this plugin brings: file name → source. The operator's own file of that name
    in the policy folder takes its place."""


@hookspec
def policy_attributes() -> Sequence[ResourceType]:  # type: ignore[empty-body]
    """The resource types of this service: which fields and relations policies may speak of."""


@hookspec
def authenticators(ctx: ServiceContext) -> Sequence[Any]:  # type: ignore[empty-body]
    """Ways to turn credentials into a principal: `colonnade.services.Authenticator`s."""


@hookspec
def principal_events() -> Sequence[type[Event]]:  # type: ignore[empty-body]
    """Events of this service after which what was verified of a principal holds no more. Every
    process hears them as they are published, and tells the authenticators that have `heard`."""


@hookspec
def health_checks(ctx: ServiceContext) -> Sequence[HealthCheck]:  # type: ignore[empty-body]
    """Health checks for `/readyz`: each gets a second, outside any tenant."""


@hookspec
def cli_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands added to `colonnade`; a group of an existing name is merged into it."""


@hookspec
def can_reload(old: BaseModel, new: BaseModel) -> Sequence[str]:  # type: ignore[empty-body]
    """Config keys whose change from `old` to `new` needs a restart; none means that the service
    reads `ctx.config` anew, and the change is taken up on a reload. Without this hook every
    change needs a restart."""


@hookspec
def bus_adapters() -> Mapping[str, BusFactory]:  # type: ignore[empty-body]
    """URL scheme → factory of a `colonnade.bus.Bus`, for `bus: <scheme>:…`."""


@hookspec
def store_adapters() -> Mapping[str, StoreAdapter]:  # type: ignore[empty-body]
    """URL scheme → the kind of store that it is, and its factory, for `stores.<name>.<kind>`."""


@hookspec
def discovery_adapters() -> Mapping[str, DiscoveryFactory]:  # type: ignore[empty-body]
    """URL scheme → factory of a `colonnade.adapters.Discovery`: who hosts which service."""


@hookspec
def policy_adapters() -> Mapping[str, PolicyFactory]:  # type: ignore[empty-body]
    """URL scheme → factory of a `colonnade.policy.PolicyEngine`, for `policy.engine`."""


@hookspec
def gateway_filters() -> Sequence[GatewayFilter]:  # type: ignore[empty-body]
    """ASGI middleware around the services' routes, outermost first: callables `app -> app`.
    Health and metrics are answered without them."""


@hookspec
def secret_resolvers() -> Mapping[str, SecretResolver]:  # type: ignore[empty-body]
    """Secret scheme (`env`, `file`, …) → callable from locator to text. It may block; it raises
    `colonnade.secrets.SecretUnavailable` when there is none."""


@hookspec
def add_hookspecs() -> Sequence[Any]:  # type: ignore[empty-body]
    """Modules or classes with hook specifications that this service owns.

    Mark each with `hookspec`; an argument `ctx: ExtensionContext` gives every plugin that
    implements it a context of its own, with its configuration (`plugins.<name>.config`). The
    service asks with `ServiceContext.extensions`, and its own plugin may implement the hook too.
    """
