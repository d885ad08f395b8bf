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
    """Who this is."""
    return PluginInfo(
        name="course",
        version="0.2.0",
        service="course",
        requires=("user", "content"),
        description="Courses, sections, lessons, enrolments and progress.",
    )


@hookimpl
def create_service(ctx: ServiceContext) -> AbstractAsyncContextManager[Sequence[object]]:
    """The handlers and reactions."""
    from colonnade_course.service import course_service

    return course_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """What may be asked."""
    from colonnade_course.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """What is published."""
    from colonnade_course.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """What is listened to."""
    from colonnade_user.api import InvitationAccepted, UserDeleted

    return [UserDeleted, InvitationAccepted]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """What is looked after from time to time."""
    return [Schedule("retell", 3600.0, "retell")]


@hookimpl
def http_routes() -> Sequence[Any]:
    """The HTTP face."""
    from colonnade_course.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """What is kept."""
    return StoreNeed(migrations="colonnade_course.migrations", models="colonnade_course.models")


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_course") / "policies"
    return {"course.rego": (folder / "course.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """What policies may speak of."""
    from colonnade_course.resources import COURSE, ENROLLMENT, LESSON, SECTION

    return [COURSE, SECTION, LESSON, ENROLLMENT]


@hookimpl
def cli_commands() -> Sequence[click.Command]:
    """What is added to the command line."""
    from colonnade_course.commands import course

    return [course]
