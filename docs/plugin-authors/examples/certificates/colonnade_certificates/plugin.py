"""The certificates service as a plugin: what it offers and needs."""

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
from colonnade.services import PluginInfo, StoreNeed

if TYPE_CHECKING:
    from colonnade_certificates.config import CertificatesContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="certificates",
        version="1.1.0",
        service="certificates",
        requires=("course",),
        description="Certificates for those who have completed a course.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Settings of the operator."""
    from colonnade_certificates.config import CertificatesConfig

    return CertificatesConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """Settings of an academy."""
    from colonnade_certificates.config import TenantCertificatesConfig

    return TenantCertificatesConfig


@hookimpl
def can_reload(old: BaseModel, new: BaseModel) -> Sequence[str]:
    """Keys that need a restart: whether the library is there is looked at when it starts."""
    return ["pdf"] if old != new else []


@hookimpl
def create_service(ctx: "CertificatesContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Handlers and reactions."""
    from colonnade_certificates.service import create

    return create(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_certificates.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events of the service."""
    from colonnade_certificates.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to."""
    from colonnade_certificates.reactions import SUBSCRIPTIONS

    return SUBSCRIPTIONS


@hookimpl
def http_routes() -> Sequence[Any]:
    """HTTP routes."""
    from colonnade_certificates.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def pages() -> Sequence[Any]:
    """Pages for people."""
    from colonnade_certificates.pages import PAGES

    return PAGES


@hookimpl(optionalhook=True)
def notifications() -> Sequence[Any]:
    """Kinds of messages that its events become, where there is a notification service."""
    from colonnade_certificates.notifications import KINDS

    return KINDS


@hookimpl
def stores() -> StoreNeed:
    """Tables and their migrations."""
    return StoreNeed(
        migrations="colonnade_certificates.migrations", models="colonnade_certificates.models"
    )


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_certificates") / "policies"
    return {"certificates.rego": (folder / "certificates.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Attributes that policies may refer to."""
    from colonnade_certificates.resources import CERTIFICATE

    return [CERTIFICATE]


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """Commands of the operator."""
    from colonnade_certificates.commands import certificate

    return [certificate]
