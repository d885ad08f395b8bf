"""Reports: made a step at a time, by kinds from a hook, in formats that people can use."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_bench import AnalyticsBench, person, showing
from analytics_world import World

from colonnade.context import Principal, use_context
from colonnade.errors import (
    ConfigurationError,
    Forbidden,
    NotFound,
    Unavailable,
    ValidationFailed,
)
from colonnade_analytics.api import (
    BarChart,
    Column,
    CreateReport,
    DeleteReport,
    DownloadReport,
    GetReport,
    ListReportKinds,
    ListReports,
    Report,
    ReportFailed,
    ReportNotReady,
    ReportParameters,
    ReportReady,
    ReportStep,
    ReportStepDue,
    ReportTable,
    Series,
    TooManyReports,
)
from colonnade_analytics.handlers.reports import MAXIMUM_UNFINISHED
from colonnade_analytics.reports.retention import RETENTION
from colonnade_analytics.reports.steps import MAXIMUM_BEGINNINGS, ReportSteps
from colonnade_course.api import GetCourse, GetOutline, InstructorAdded
from colonnade_runtime.testing import example_of
from colonnade_user.api import GetProfile, Profile, UserDeleted

WORLD = World(seed=11, people=60)
OWNER = person("owner")
PATIENCE = 60.0
"""Seconds for which a step is tried while another service is away: longer than a test."""


class Countdown:
    """A kind that another plugin brings: some steps, then a table of one cell."""

    name = "countdown"
    parameters = ReportParameters

    def __init__(self, text: str = "done") -> None:
        self.text = text
        self.taken: list[int] = []
        self.tries = 0
        self.fail: Exception | None = None
        self.fails_from = 0

    def title(self, locale: str) -> str:
        return "Countdown"

    async def step(
        self, source: Any, parameters: ReportParameters, state: Mapping[str, Any] | None
    ) -> ReportStep | ReportTable:
        number = 0 if state is None else state["number"]
        if self.fail is not None and number >= self.fails_from:
            self.tries += 1
            raise self.fail
        self.taken.append(number)
        if number < 3:
            return ReportStep(30 * (number + 1), {"number": number + 1})
        return ReportTable(
            title="Countdown",
            subtitle="",
            columns=(Column("text", "Text"),),
            rows=({"text": self.text},),
            summary=("It is over.",),
            chart=BarChart((self.text,), (Series("n", (1.0,)),), "what", "how many"),
        )


@pytest.fixture
def countdown() -> Countdown:
    return Countdown()


@pytest.fixture
async def bench(countdown: Countdown) -> AsyncIterator[AnalyticsBench]:
    """The service with a plugin beside it, in an academy that shows every number."""
    async with AnalyticsBench(kinds=[countdown], tenant=showing(1), patience=PATIENCE) as running:
        yield running


async def waiting(bench: AnalyticsBench, countdown: Countdown, fails_from: int = 0) -> Report:
    """A report that cannot go on from this step, since a service is away."""
    countdown.fail, countdown.fails_from = Unavailable("Nobody is there."), fails_from
    report: Report = await bench.ask(CreateReport(kind="countdown"), as_=OWNER)

    async def tried() -> bool:
        return countdown.tries > 0

    await bench.until(tried)
    return report


async def filled(bench: AnalyticsBench) -> None:
    """The academy of the world."""
    events = [(WORLD.uuid(), at, event) for at, event in World(seed=11, people=60).events()]
    await bench.consume_all(events)
    bench.clock.set(WORLD.until)
    bench.stub(GetOutline, lambda request: WORLD.outline(request.course_id))
    bench.stub(
        GetProfile, lambda request: example_of(Profile, user_id=request.user_id, name="=Ada")
    )


async def made(bench: AnalyticsBench, kind: str, asker: Any = OWNER, **parameters: Any) -> Report:
    asked = await bench.ask(CreateReport(kind=kind, parameters=parameters), as_=asker)
    assert asked.status == "waiting"
    await bench.settle()
    report: Report = await bench.ask(GetReport(report_id=asked.id), as_=asker)
    return report


async def content(
    bench: AnalyticsBench, report: Report, name: Any = "json", asker: Any = OWNER
) -> bytes:
    answer = await bench.ask(DownloadReport(report_id=report.id, format=name), as_=asker)
    return b"".join([chunk async for chunk in answer.chunks])


class TestMaking:
    """ReportStep by step, in the background."""

    async def test_progress_is_kept_between_steps_and_a_restart_goes_on(
        self, tmp_path: Path
    ) -> None:
        before, after = Countdown(), Countdown()
        async with AnalyticsBench(kinds=[before], patience=PATIENCE, folder=tmp_path) as bench:
            asked = await waiting(bench, before, fails_from=2)
            half = await bench.ask(GetReport(report_id=asked.id), as_=OWNER)
            assert (half.status, half.progress) == ("running", 54)
        async with AnalyticsBench(kinds=[after], folder=tmp_path) as bench:
            await bench.settle()
            done = await bench.ask(GetReport(report_id=asked.id), as_=OWNER)
            assert (done.status, done.progress) == ("ready", 100)
        assert (before.taken, after.taken) == ([0, 1], [2, 3])

    async def test_a_step_that_is_announced_twice_is_taken_once(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        asked = await waiting(bench, countdown, fails_from=1)
        [steps] = [each for each in bench.objects() if isinstance(each, ReportSteps)]
        with use_context(bench.context(Principal.service("analytics"))):
            assert await steps.step_due(ReportStepDue(report_id=asked.id, step=0)) is None
        assert countdown.taken == [0]

    async def test_it_ends_with_an_event(self, bench: AnalyticsBench, countdown: Countdown) -> None:
        report = await made(bench, "countdown")
        assert (await bench.published())[-1] == ReportReady(
            report_id=report.id, kind="countdown", requested_by=OWNER.id
        )

    async def test_what_goes_wrong_is_said_and_no_more(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        countdown.fail = NotFound("There is no such course.")
        report = await made(bench, "countdown")
        assert (report.status, report.failure) == ("failed", "There is no such course.")
        countdown.fail = ZeroDivisionError("secret")
        report = await made(bench, "countdown")
        assert report.status == "failed"
        assert "secret" not in (report.failure or "")
        assert isinstance((await bench.published())[-1], ReportFailed)

    async def test_a_service_that_is_away_is_waited_for(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        asked = await waiting(bench, countdown)

        async def tried_often() -> bool:
            return countdown.tries > 2 * MAXIMUM_BEGINNINGS

        await bench.until(tried_often)
        assert (await bench.ask(GetReport(report_id=asked.id), as_=OWNER)).status == "waiting"
        countdown.fail = None
        await bench.settle()
        assert (await bench.ask(GetReport(report_id=asked.id), as_=OWNER)).status == "ready"

    async def test_one_that_is_removed_is_not_made(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        asked = await waiting(bench, countdown)
        await bench.ask(DeleteReport(report_id=asked.id), as_=OWNER)
        await bench.settle()
        countdown.fail = None
        await bench.deliver(ReportStepDue(report_id=asked.id, step=0))
        assert countdown.taken == []
        with pytest.raises(NotFound):
            await bench.ask(GetReport(report_id=asked.id), as_=OWNER)

    async def test_content_before_its_time_is_a_conflict(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        asked = await waiting(bench, countdown)
        with pytest.raises(ReportNotReady):
            await content(bench, asked)

    async def test_only_so_many_are_made_at_a_time(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        countdown.fail = Unavailable("Nobody is there.")
        for _ in range(MAXIMUM_UNFINISHED):
            await bench.ask(CreateReport(kind="countdown"), as_=OWNER)
        with pytest.raises(TooManyReports):
            await bench.ask(CreateReport(kind="countdown"), as_=OWNER)

    async def test_old_ones_go(self, bench: AnalyticsBench, countdown: Countdown) -> None:
        report = await made(bench, "countdown")
        await bench.run_schedule(RETENTION.name)
        assert (await bench.ask(GetReport(report_id=report.id), as_=OWNER)).status == "ready"
        bench.clock.set(report.created_at + timedelta(days=91))
        await bench.run_schedule(RETENTION.name)
        assert (await bench.ask(ListReports(), as_=OWNER)).items == []


class TestKinds:
    """From the hook, whoever brings them."""

    async def test_every_kind_is_listed_with_what_it_takes(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        kinds = (await bench.ask(ListReportKinds(), as_=OWNER)).items
        assert [kind.name for kind in kinds] == [
            "cohort_retention",
            "countdown",
            "course_completion",
            "instructor_earnings",
            "lesson_funnel",
            "revenue",
        ]
        assert all("from_date" in kind.parameters["properties"] for kind in kinds)

    async def test_two_of_one_name_do_not_start(self) -> None:
        with pytest.raises(ConfigurationError, match="countdown"):
            async with AnalyticsBench(kinds=[Countdown(), Countdown()]):
                pass

    async def test_an_unknown_one_is_said_with_those_there_are(self, bench: AnalyticsBench) -> None:
        with pytest.raises(ValidationFailed) as caught:
            await bench.ask(CreateReport(kind="horoscope"), as_=OWNER)
        assert "course_completion" in caught.value.fields[0].message


class TestFormats:
    """What people get."""

    async def test_the_same_report_is_the_same_bytes(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        first, second = [await made(bench, "course_completion") for _ in range(2)]
        for name in ("csv", "svg", "png"):
            assert await content(bench, first, name) == await content(bench, second, name)

    async def test_csv_is_rfc_4180_and_runs_nothing(
        self, bench: AnalyticsBench, countdown: Countdown
    ) -> None:
        countdown.text = '=cmd|"/c calc"!A1, 2'
        report = await made(bench, "countdown")
        body = await content(bench, report, "csv")
        assert body == b'text\r\n"\'=cmd|""/c calc""!A1, 2"\r\n'

    async def test_names_of_people_run_nothing_either(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        report = await made(bench, "instructor_earnings")
        rows = list(csv.DictReader(io.StringIO((await content(bench, report, "csv")).decode())))
        assert {row["instructor"] for row in rows} == {"'=Ada"}
        assert {row["earned_currency"] for row in rows} == {"EUR"}
        assert all("." in row["earned"] for row in rows), "money is in major units"

    async def test_the_chart_says_in_words_what_it_shows(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        course = WORLD.courses[0]
        report = await made(bench, "lesson_funnel", course_id=str(course))
        svg = (await content(bench, report, "svg")).decode()
        assert 'role="img" aria-labelledby="chart-title chart-description"' in svg
        assert f'<desc id="chart-description">{report.alternative_text}</desc>' in svg
        assert "The largest drop is at" in report.alternative_text
        png = await content(bench, report, "png")
        assert report.alternative_text[:20].encode() in png

    async def test_a_course_that_never_was_is_refused_at_once(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        asked = bench.stub(GetCourse, NotFound("There is no such course."))
        strange = WORLD.uuid()
        parameters = {"course_id": str(strange)}
        with pytest.raises(NotFound):
            await bench.ask(CreateReport(kind="lesson_funnel", parameters=parameters), as_=OWNER)
        assert [each.course_id for each in asked.requests] == [strange]
        await made(bench, "lesson_funnel", course_id=str(WORLD.courses[0]))
        assert len(asked.requests) == 1, "what is known here is not asked for"

    async def test_passing_over_an_appendix_is_no_drop(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        course = WORLD.courses[0]
        outline = WORLD.outline(course)
        [section] = outline.sections
        skipped = section.lessons[1].model_copy(update={"id": WORLD.uuid(), "required": False})
        lessons = [section.lessons[0], skipped, *section.lessons[1:]]
        changed = section.model_copy(update={"lessons": lessons})
        bench.stub(GetOutline, outline.model_copy(update={"sections": [changed]}))
        report = await made(bench, "lesson_funnel", course_id=str(course))
        rows = json.loads(await content(bench, report))["rows"]
        assert (rows[2]["learners"], rows[2]["drop"]) == (0, None)
        assert rows[3]["drop"] == rows[1]["learners"] - rows[3]["learners"]

    async def test_markup_in_a_title_stays_text(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        await bench.set_tenant(name="<script>&$$x^2$$")
        report = await made(bench, "course_completion")
        svg = (await content(bench, report, "svg")).decode()
        assert "<script>" not in svg
        assert "&lt;script&gt;&amp;$x^2$" in svg

    @pytest.mark.parametrize(("locale", "title"), [("de-AT", "Wie Kurse"), ("xx", "How courses")])
    async def test_it_speaks_the_academys_language(
        self, bench: AnalyticsBench, locale: str, title: str
    ) -> None:
        await filled(bench)
        await bench.set_tenant(locale=locale)
        report = await made(bench, "course_completion")
        assert report.title.startswith(title)

    @pytest.mark.parametrize(
        "kind", ["course_completion", "cohort_retention", "revenue", "instructor_earnings"]
    )
    async def test_an_empty_academy_has_reports_too(self, bench: AnalyticsBench, kind: str) -> None:
        report = await made(bench, kind)
        assert report.status == "ready", report.failure
        assert (await content(bench, report, "png")).startswith(b"\x89PNG")


class TestWhoSees:
    """Instructors what they teach; nobody else's numbers, and no small group."""

    async def test_an_instructor_gets_the_courses_they_teach(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        teacher = person("instructor", WORLD.teachers[0])
        report = await made(bench, "course_completion", teacher)
        rows = json.loads(await content(bench, report, asker=teacher))["rows"]
        taught = {str(WORLD.courses[0]), str(WORLD.courses[3])}
        assert {row["course_id"] for row in rows if row["course_id"]} == taught
        with pytest.raises(NotFound):
            await made(bench, "lesson_funnel", teacher, course_id=str(WORLD.courses[1]))

    async def test_an_instructor_sees_their_own_earnings_alone(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        colleague = person("instructor")
        shared = InstructorAdded(course_id=WORLD.courses[0], user_id=UUID(colleague.id), sequence=1)
        await bench.deliver(shared)
        report = await made(bench, "instructor_earnings", colleague)
        assert json.loads(await content(bench, report, asker=colleague))["rows"] == []

    async def test_one_that_somebody_else_asked_for_is_not_there(
        self, bench: AnalyticsBench
    ) -> None:
        await filled(bench)
        report = await made(bench, "course_completion", person("instructor", WORLD.teachers[0]))
        with pytest.raises(NotFound):
            await bench.ask(GetReport(report_id=report.id), as_=person("instructor"))
        with pytest.raises(Forbidden):
            await bench.ask(GetReport(report_id=report.id), as_=person("learner"))

    async def test_small_courses_are_not_shown(self, bench: AnalyticsBench) -> None:
        await filled(bench)
        await bench.set_tenant(**showing(100))
        report = await made(bench, "course_completion")
        document = json.loads(await content(bench, report))
        counts = ("enrolled", "completed", "learning", "left", "completion_rate")
        single = [row for row in document["rows"] if row["course_id"]]
        assert {row[name] for row in single for name in counts} == {None}
        assert "fewer than 100" in document["notes"][0]

    async def test_a_report_outlives_who_asked_for_it_without_their_name(
        self, bench: AnalyticsBench
    ) -> None:
        admin = person("admin", uuid4())
        report = await made(bench, "course_completion", admin)
        await bench.deliver(UserDeleted(user_id=UUID(admin.id)))
        assert (await bench.ask(GetReport(report_id=report.id), as_=OWNER)).status == "ready"
