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
    """Who this is."""
    return PluginInfo(
        name="content",
        version="0.2.0",
        service="content",
        requires=("user",),
        description="Files, pictures and what lessons show.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """What an operator may set."""
    from colonnade_content.config import ContentConfig

    return ContentConfig


@hookimpl
def create_service(ctx: "ContentContext") -> AbstractAsyncContextManager[Sequence[object]]:
    """The handlers and reactions."""
    from colonnade_content.service import content_service

    return content_service(ctx)


@hookimpl
def operations() -> Sequence[type[Request[Any]]]:
    """What may be asked."""
    from colonnade_content.api import OPERATIONS

    return OPERATIONS


@hookimpl
def events() -> Sequence[type[Event]]:
    """What is published."""
    from colonnade_content.api import EVENTS

    return EVENTS


@hookimpl
def subscriptions() -> Sequence[type[Event]]:
    """What is listened to."""
    from colonnade_content.api import FileDeleted, MediaCreated, MediaDeleted
    from colonnade_course.api import (
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
    """What is looked after from time to time."""
    return [
        Schedule("remove-orphans", 86400.0, "remove_orphans"),
        Schedule("render-outdated", 3600.0, "render_outdated"),
    ]


@hookimpl
def http_routes() -> Sequence[Any]:
    """The HTTP face."""
    from colonnade_content.routes import CONTROLLERS

    return CONTROLLERS


@hookimpl
def stores() -> StoreNeed:
    """What is kept."""
    return StoreNeed(migrations="colonnade_content.migrations", models="colonnade_content.models")


@hookimpl
def policies() -> Mapping[str, str]:
    """Rego files, by name."""
    folder = files("colonnade_content") / "policies"
    return {"content.rego": (folder / "content.rego").read_text("utf-8")}


@hookimpl
def policy_attributes() -> Sequence[ResourceType]:
    """What policies may speak of."""
    from colonnade_content.resources import CONTENT, FILE, MEDIA

    return [CONTENT, FILE, MEDIA]
