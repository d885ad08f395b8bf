"""The user service as a plugin: accounts, sessions, tokens and profiles."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel

from colonnade.events import Event
from colonnade.hookspecs import hookimpl
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.services import PluginInfo, Schedule, StoreNeed

if TYPE_CHECKING:
    from colonnade_user.config import UserContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and roles of the plugin."""
    return PluginInfo(
        name="user",
        version="0.2.0",
        service="user",
        description="Accounts, sessions, tokens and profiles.",
        roles=("owner", "admin", "instructor", "learner"),
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Model of `services.user.config` in platform.yaml."""
    from colonnade_user.config import UserConfig

    return UserConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """Model of `services.user.config` in a tenant's file."""
    from colonnade_user.config import TenantUserConfig

    return TenantUserConfig


@hookimpl
def create_service(ctx: "UserContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Create the operation handlers and reactions."""
    from colonnade_user import service

    return service.create_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_user import api

    return api.OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events that the service publishes."""
    from colonnade_user import api

    return api.EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to."""
    from colonnade_user.reactions import SUBSCRIPTIONS

    return SUBSCRIPTIONS


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Schedules: hourly pruning."""
    return [Schedule("prune", 3600.0, "prune")]


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """Commands for operators: `colonnade owner`."""
    from colonnade_user.commands import owner

    return [owner]


@hookimpl
def http_routes() -> Sequence[Any]:
    """Litestar controllers under `/api/v1`."""
    from colonnade_user.routes import ROUTES

    return ROUTES


@hookimpl
def stores() -> StoreNeed:
    """Migrations, models and provisioning of the store."""
    return StoreNeed(
        migrations="colonnade_user.migrations",
        models="colonnade_user.models",
        provision="colonnade_user.accounts.provisioning:provision",
        owner_standing="colonnade_user.accounts.owner_status:owner_standing",
    )


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_user") / "policies"
    return {"user.rego": (folder / "user.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Resource types that policies decide on."""
    from colonnade_user.resources import RESOURCE_TYPES

    return RESOURCE_TYPES


@hookimpl
def principal_events() -> Sequence[type[Event]]:
    """Events after which a verified principal is no longer valid."""
    from colonnade_user import api

    return (api.SessionEnded, api.UserStatusChanged, api.UserRoleChanged, api.UserDeleted)


@hookimpl
def authenticators(ctx: "UserContext") -> Sequence[Any]:
    """Authenticator of access tokens (RFC 6750)."""
    from colonnade_user.authentication.authenticator import BearerAuthenticator

    return [BearerAuthenticator(ctx)]
