"""Steps of reports: each makes a part of one, and the last draws it.

A step is announced by an event, so that the holder of the lease of this service's background work
takes it, after a restart too. The result of a step is committed together with the announcement of
the next.
"""

import asyncio
import json
from functools import partial
from uuid import UUID

from colonnade.crash_points import crash_point, reach
from colonnade.errors import ColonnadeError, DeadlineExceeded, TooManyRequests, Unavailable
from colonnade.events import Work, reactions_named, reacts_to
from colonnade.store import Session
from colonnade_analytics.api import (
    ReportFailed,
    ReportReady,
    ReportStep,
    ReportStepDue,
    ReportTable,
)
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ReportContentRow, ReportRow
from colonnade_analytics.reports.kind_registry import ReportKindRegistry
from colonnade_analytics.reports.source import TenantReportSource
from colonnade_analytics.reports.status import UNFINISHED, ReportStatus

STEP_SECONDS = 25.0
"""The most that one step may take; an event's reaction has 30."""

COLLECTED = 90
"""Progress of a report in per cent when its numbers are there and only the drawing is left."""

MAXIMUM_BEGINNINGS = 3
"""Beginnings of one step without a known end. A process that was killed in it so often does not
survive the report, which is given up."""

STEPPED = crash_point("analytics.stepped", "a step of a report is taken; that is not committed")


@reactions_named("ReportWork")
class ReportSteps:
    """Takes the steps of reports."""

    def __init__(self, ctx: AnalyticsContext, kinds: ReportKindRegistry) -> None:
        self._ctx = ctx
        self._kinds = kinds

    @reacts_to(ReportStepDue)
    async def step_due(self, event: ReportStepDue) -> Work | None:
        """Take a step, unless it was taken or the report is gone."""
        row = await self._ctx.store.run(lambda session: _begun_step(session, event))
        if row is None:
            return None
        if row.begun > MAXIMUM_BEGINNINGS:
            return _failed(row.id, "The platform stopped each time it worked on this report.")
        try:
            async with asyncio.timeout(STEP_SECONDS):
                return await self._step(row)
        except (Unavailable, TooManyRequests, DeadlineExceeded):
            await self._ctx.store.run(partial(_not_begun, row.id))
            raise
        except TimeoutError:
            return _failed(row.id, f"A step took longer than {STEP_SECONDS:.0f} seconds.")
        except ColonnadeError as error:
            return _failed(row.id, error.message)
        except Exception:
            self._ctx.log.exception("report failed", report_id=str(row.id), kind=row.kind)
            return _failed(row.id, "Something broke; the log of the platform says what.")

    async def _step(self, row: ReportRow) -> Work:
        kind = self._kinds.kind(row.kind)
        parameters = kind.parameters.model_validate_json(row.parameters)
        state = None if row.state is None else json.loads(row.state)
        outcome = await kind.step(self._source(row), parameters, state)
        if isinstance(outcome, ReportStep):
            work = _continued(row.id, outcome)
        else:
            work = await self._finished(row, outcome)
        reach(STEPPED)
        return work

    async def _finished(self, row: ReportRow, table: ReportTable) -> Work:
        from colonnade_analytics.rendering.report import alternative_text, render_report

        facts = {
            "id": str(row.id),
            "kind": row.kind,
            "parameters": json.loads(row.parameters),
            "timezone": row.timezone,
        }
        branding = self._ctx.tenant().branding
        make = partial(render_report, table, facts, branding, row.locale, self._ctx.clock.now())
        made = await self._ctx.in_worker(make)
        return _ready(row.id, table.title, alternative_text(table), made)

    def _source(self, row: ReportRow) -> TenantReportSource:
        scope = None if row.scope is None else frozenset(map(UUID, json.loads(row.scope)))
        return TenantReportSource(
            self._ctx,
            timezone=row.timezone,
            locale=row.locale,
            scope=scope,
            requested_by=row.requested_by,
        )


def _begun_step(session: Session, event: ReportStepDue) -> ReportRow | None:
    """The report whose step is due, unless the step was taken or the report is gone."""
    row = session.get(ReportRow, event.report_id)
    if row is None or row.status not in UNFINISHED or row.step != event.step:
        return None
    row.begun += 1
    session.flush()
    return row


def _not_begun(report_id: UUID, session: Session) -> None:
    """Forget that a step was begun: another service did not answer, and it is tried again."""
    row = session.get(ReportRow, report_id)
    if row is not None:
        row.begun = 0


def _continued(report_id: UUID, step: ReportStep) -> Work:
    def work(session: Session) -> None:
        row = session.get(ReportRow, report_id)
        if row is None:
            return
        row.status = ReportStatus.RUNNING
        row.progress = max(row.progress, min(step.progress * COLLECTED // 100, COLLECTED))
        row.state = json.dumps(step.state)
        row.step += 1
        row.begun = 0
        session.publish(ReportStepDue(report_id=report_id, step=row.step))

    return work


def _ready(report_id: UUID, title: str, alternative: str, made: dict[str, bytes]) -> Work:
    def work(session: Session) -> None:
        row = session.get(ReportRow, report_id)
        if row is None:
            return
        for name, body in made.items():
            session.upsert(ReportContentRow(report_id=report_id, format=name, body=body))
        row.status, row.progress, row.state = ReportStatus.READY, 100, None
        row.title, row.alternative_text = title, alternative
        session.publish(
            ReportReady(report_id=report_id, kind=row.kind, requested_by=row.requested_by)
        )

    return work


def _failed(report_id: UUID, failure: str) -> Work:
    def work(session: Session) -> None:
        row = session.get(ReportRow, report_id)
        if row is None:
            return
        row.status, row.failure, row.state = ReportStatus.FAILED, failure, None
        session.publish(
            ReportFailed(report_id=report_id, kind=row.kind, requested_by=row.requested_by)
        )

    return work
