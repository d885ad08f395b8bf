"""The analytics service on a bench, beside courses and people that the tests say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec

from colonnade.context import Principal, PrincipalKind
from colonnade.events import Envelope, Event, handling, reactions_of
from colonnade.hookspecs import hookimpl
from colonnade.identifiers import new_id
from colonnade.services import PluginInfo
from colonnade.store import Session
from colonnade_analytics import plugin
from colonnade_analytics.api import ReportKind
from colonnade_course.api import Course, GetCourse
from colonnade_runtime.testing import ServiceBench, example_of

ACME = {"name": "Acme Academy"}


class AnalyticsBench(ServiceBench):
    """Every course exists, unless a test stubs `GetCourse`. `kinds` are reports of another plugin,
    `client_events` the bounds of these, and `tenant` further keys of the file of each academy."""

    def __init__(
        self,
        *,
        kinds: Sequence[ReportKind] = (),
        tenant: Mapping[str, Any] | None = None,
        client_events: Mapping[str, Any] | None = None,
        academies: Sequence[str] = ("acme",),
        patience: float = 0.0,
        folder: Path | None = None,
    ) -> None:
        self._tenant = {**ACME, **(tenant or {})}
        super().__init__(
            plugin,
            *([report_plugin(kinds)] if kinds else []),
            config={"analytics": {"client_events": client_events or {}}},
            tenants=dict.fromkeys(academies, self._tenant),
            patience=patience,
            folder=folder,
        )
        self.stub(GetCourse, existing_course)

    async def set_tenant(self, **keys: Any) -> None:
        """Declare further keys of the academies' files."""
        self._tenant.update(keys)
        await self.declare(tenants=dict.fromkeys(self.tenants, self._tenant))

    async def consume_all(
        self, events: Sequence[tuple[UUID, datetime, Event]], tenant: str | None = None
    ) -> None:
        """Bring many events to their reactions, as they come, in one transaction."""
        reactions = {bound.event_type.model: bound for bound in reactions_of(self.objects())}

        def work(session: Session) -> None:
            for event_id, at, event in events:
                bound = reactions[type(event)]
                envelope = Envelope(
                    id=event_id,
                    source="/test",
                    type=bound.event_type.type,
                    subject="",
                    time=at,
                    tenant=tenant or self.tenants[0],
                    data=msgspec.Raw(event.encode()),
                )
                with handling(envelope):
                    bound.call(session, event)

        await self.run(work, tenant=tenant)


def showing(smallest_group: int) -> dict[str, Any]:
    """Keys of an academy's file: how many people a number must be about to be shown."""
    return {"services": {"analytics": {"config": {"smallest_group": smallest_group}}}}


def existing_course(request: GetCourse) -> Course:
    """The course that is asked for, whichever it is."""
    return example_of(Course, id=request.course_id)


def person(role: str, user_id: UUID | None = None) -> Principal:
    """Somebody with a role."""
    return Principal(PrincipalKind.USER, str(user_id or new_id()), (role,))


def report_plugin(kinds: Sequence[ReportKind]) -> ModuleType:
    """A third party's plugin that brings these kinds of reports."""
    module = ModuleType("further_reports")

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo("further-reports", "1.0.0", implements=("analytics",))

    @hookimpl
    def reports() -> Sequence[ReportKind]:
        return kinds

    module.__dict__.update(plugin_info=plugin_info, reports=reports)
    return module
