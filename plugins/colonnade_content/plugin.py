"""The content service as a plugin: files, pictures and content items."""

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
    from colonnade_content.config import ContentContext


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and requirements of the plugin."""
    return PluginInfo(
        name="content",
        version="0.2.0",
        service="content",
        requires=("user",),
        description="Files, pictures and what lessons show.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Configuration model of `services.content.config` in platform.yaml."""
    from colonnade_content.config import ContentConfig

    return ContentConfig


@hookimpl
def create_service(ctx: "ContentContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """Create the operation handlers, schedules and reactions."""
    from colonnade_content import service

    return service.create_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """Operations of the service."""
    from colonnade_content.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """Events that the service publishes."""
    from colonnade_content.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """Events that the service reacts to."""
    from colonnade_content.api import FileDeleted, MediaCreated, MediaDeleted
    from colonnade_course.api import (
        CourseCreated,
        CourseDeleted,
        CoursePublished,
        CourseUnpublished,
        CourseUpdated,
        EnrollmentActivated,
        EnrollmentCompleted,
        EnrollmentEnded,
        InstructorAdded,
        InstructorRemoved,
        LessonContentChanged,
        LessonRemoved,
    )

    return [
        FileDeleted,
        MediaCreated,
        MediaDeleted,
        CourseCreated,
        CourseUpdated,
        CoursePublished,
        CourseUnpublished,
        CourseDeleted,
        LessonContentChanged,
        LessonRemoved,
        InstructorAdded,
        InstructorRemoved,
        EnrollmentActivated,
        EnrollmentCompleted,
        EnrollmentEnded,
    ]


@hookimpl
def schedules() -> Sequence[Schedule]:
    """Schedules of the service."""
    return [
        Schedule("remove-orphans", 86400.0, "remove_orphans"),
        Schedule("render-outdated", 3600.0, "render_outdated"),
    ]


@hookimpl
def http_routes() -> Sequence[Any]:
    """HTTP routes of the service."""
    from colonnade_content.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """Tables and migrations of the service."""
    return StoreNeed(migrations="colonnade_content.migrations", models="colonnade_content.models")


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_content") / "policies"
    return {"content.rego": (folder / "content.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """Resource types and their attributes for policies."""
    from colonnade_content.resources import CONTENT, FILE, MEDIA

    return [CONTENT, FILE, MEDIA]
