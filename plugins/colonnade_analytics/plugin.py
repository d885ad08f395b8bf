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
    """Who this is."""
    return PluginInfo(
        name="analytics",
        version="0.2.0",
        service="analytics",
        requires=("user", "course"),
        description="What happened in an academy: events, metrics and reports.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """What an operator may set."""
    from colonnade_analytics.config import AnalyticsConfig

    return AnalyticsConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """What a tenant may set."""
    from colonnade_analytics.config import TenantAnalyticsConfig

    return TenantAnalyticsConfig


@hookimpl
def create_service(ctx: "AnalyticsContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """The handlers and reactions."""
    from colonnade_analytics.service import analytics_service

    return analytics_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """What may be asked."""
    from colonnade_analytics.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """What is published."""
    from colonnade_analytics.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """What is listened to: everything that the other services publish, and its own next steps."""
    from colonnade_analytics.api import ReportStepDue
    from colonnade_analytics.reactions import CONSUMED

    return [*CONSUMED, ReportStepDue]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """What is done from time to time."""
    return [Schedule("analytics-housekeeping", every=86_400.0, run="keep_house")]


@hookimpl
def http_routes() -> Sequence[Any]:
    """The HTTP face."""
    from colonnade_analytics.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """What is kept."""
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
    """What policies may speak of."""
    from colonnade_analytics.resources import CLIENT_EVENT, METRIC_COURSE, REPORTS

    return [METRIC_COURSE, REPORTS, CLIENT_EVENT]


@hookimpl
def add_hookspecs() -> Sequence[Any]:
    """The hooks that others may implement."""
    from colonnade_analytics.api import ReportHooks

    return [ReportHooks]


@hookimpl
def reports() -> Sequence[Any]:
    """The kinds of reports that come with the service, by the hook that others use too."""
    from colonnade_analytics.reports.kinds import first_party_kinds

    return first_party_kinds()
