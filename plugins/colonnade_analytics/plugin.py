"""The analytics service as a plugin: events, metrics and reports."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from colonnade.events import Event
from colonnade.hookspecs import hookimpl
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.services import PluginInfo, Schedule, StoreNeed

if TYPE_CHECKING:
    from colonnade_analytics.config import AnalyticsContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="analytics",
        version="0.2.0",
        service="analytics",
        requires=("user", "course"),
        description="What happened in an academy: events, metrics and reports.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Settings of the operator."""
    from colonnade_analytics.config import AnalyticsConfig

    return AnalyticsConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """Settings of a tenant."""
    from colonnade_analytics.config import TenantAnalyticsConfig

    return TenantAnalyticsConfig


@hookimpl
def create_service(ctx: "AnalyticsContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Handlers and reactions."""
    from colonnade_analytics.service import analytics_service

    return analytics_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_analytics.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events that the service publishes."""
    from colonnade_analytics.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to: all of the other services, and its own next steps."""
    from colonnade_analytics.api import ReportStepDue
    from colonnade_analytics.reactions import CONSUMED

    return [*CONSUMED, ReportStepDue]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Daily deletion of what is past its retention."""
    from colonnade_analytics.reports.retention import RETENTION

    return [RETENTION]


@hookimpl
def http_routes() -> Sequence[Any]:
    """HTTP routes."""
    from colonnade_analytics.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """Tables and their migrations."""
    return StoreNeed(
        migrations="colonnade_analytics.migrations", models="colonnade_analytics.models"
    )


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_analytics") / "policies"
    return {"analytics.rego": (folder / "analytics.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Attributes that policies may refer to."""
    from colonnade_analytics.resources import CLIENT_EVENT, METRIC_COURSE, REPORTS

    return [METRIC_COURSE, REPORTS, CLIENT_EVENT]


@hookimpl
def add_hookspecs() -> Sequence[Any]:
    """Hook for further kinds of reports."""
    from colonnade_analytics.api import ReportHooks

    return [ReportHooks]


@hookimpl
def reports() -> Sequence[Any]:
    """Kinds of reports that come with the service, by the hook that other plugins use too."""
    from colonnade_analytics.reports.kinds import first_party_kinds

    return first_party_kinds()
