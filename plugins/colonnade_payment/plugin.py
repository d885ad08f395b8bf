"""The payment service as a plugin: orders, purchases, refunds, the ledger, payouts and coupons."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from colonnade.events import Event
from colonnade.hookspecs import hookimpl
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.services import ExtensionContext, PluginInfo, Schedule, StoreNeed

if TYPE_CHECKING:
    from colonnade_payment.config import PaymentConfig, PaymentContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="payment",
        version="0.2.0",
        service="payment",
        requires=("course",),
        description="Orders, purchases, refunds, the ledger, payouts and coupons.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Configuration model of `services.payment.config` in platform.yaml."""
    from colonnade_payment.config import PaymentConfig

    return PaymentConfig


@hookimpl
def tenant_config_model() -> type[BaseModel]:
    """Configuration model of `services.payment.config` in a tenant's file."""
    from colonnade_payment.config import TenantPaymentConfig

    return TenantPaymentConfig


@hookimpl
def add_hookspecs() -> Sequence[Any]:
    """Hook specification that providers of payments implement."""
    from colonnade_payment import hookspecs

    return [hookspecs]


@hookimpl
def payment_providers(ctx: "ExtensionContext[PaymentConfig]") -> Sequence[Any]:
    """Make the sandbox; in production only when it is asked for by name."""
    from colonnade_payment.sandbox.factory import sandbox_providers

    return sandbox_providers(ctx)


@hookimpl
def create_service(ctx: "PaymentContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Create the operation handlers, saga steps, schedules and reactions."""
    from colonnade_payment import service

    return service.create_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_payment.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events that the service publishes."""
    from colonnade_payment.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events of others that the service reacts to."""
    from colonnade_course.api import InstructorAdded, InstructorRemoved
    from colonnade_user.api import UserDeleted

    return [InstructorAdded, InstructorRemoved, UserDeleted]


@hookimpl
def sagas() -> Sequence[Any]:
    """Sagas that the service runs."""
    from colonnade_payment.purchase.saga import PURCHASE
    from colonnade_payment.reconciliation.late_authorizations import VOID
    from colonnade_payment.refund.saga import REFUND

    return [PURCHASE, REFUND, VOID]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Schedules of the service."""
    return [
        Schedule("close-abandoned", 60.0, "close_abandoned"),
        Schedule("ask-providers", 60.0, "ask_providers"),
    ]


@hookimpl
def http_routes() -> Sequence[Any]:
    """HTTP routes of the service."""
    from colonnade_payment.routes import ROUTES

    return ROUTES


@hookimpl
def stores() -> StoreNeed:
    """Tables and migrations of the service."""
    return StoreNeed(migrations="colonnade_payment.migrations", models="colonnade_payment.models")


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_payment") / "policies"
    return {"payment.rego": (folder / "payment.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Resource types and their attributes for policies."""
    from colonnade_payment.resources import RESOURCE_TYPES

    return RESOURCE_TYPES
