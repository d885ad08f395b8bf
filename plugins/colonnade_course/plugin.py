"""The course service as a plugin: courses, sections, lessons, enrolments and progress."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import Any

import click

from colonnade.events import Event
from colonnade.hookspecs import hookimpl
from colonnade.messages import Request
from colonnade.policy import ResourceType
from colonnade.services import PluginInfo, Schedule, ServiceContext, StoreNeed


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="course",
        version="0.2.0",
        service="course",
        requires=("user", "content"),
        description="Courses, sections, lessons, enrolments and progress.",
    )


@hookimpl
def create_service(ctx: ServiceContext) -> AbstractAsyncContextManager[Sequence[object]]:
    """Create the operation handlers and reactions."""
    from colonnade_course import service

    return service.create_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_course.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events that the service publishes."""
    from colonnade_course.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to."""
    from colonnade_user.api import InvitationAccepted, UserDeleted

    return [UserDeleted, InvitationAccepted]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Schedules: hourly republication of older courses."""
    return [Schedule("retell", 3600.0, "republish")]


@hookimpl
def http_routes() -> Sequence[Any]:
    """Litestar controllers under `/api/v1`."""
    from colonnade_course.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """Migrations and models of the store."""
    return StoreNeed(migrations="colonnade_course.migrations", models="colonnade_course.models")


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_course") / "policies"
    return {"course.rego": (folder / "course.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Resource types that policies decide on."""
    from colonnade_course.resources import COURSE, ENROLLMENT, LESSON, SECTION

    return [COURSE, SECTION, LESSON, ENROLLMENT]


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """Commands for operators: `colonnade course`."""
    from colonnade_course.commands import course

    return [course]
