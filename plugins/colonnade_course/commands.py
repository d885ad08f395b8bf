"""Command `colonnade course`: import of courses.

The import is a client of two services, course and content, like any other: it calls their
operations as the operator.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from colonnade.command_line import CommandLine

if TYPE_CHECKING:
    from colonnade_course.carpentries.lesson import ImportedCourse
    from colonnade_course.importing.course_import import CourseImport, ImportResult


@click.group()
def course() -> None:
    """Bring courses into an academy."""


@course.command("import")
@click.argument("folder", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--tenant", metavar="ID", required=True, help="The academy.")
@click.option("--publish", is_flag=True, help="Publish the course when all is there.")
@click.option(
    "--instructor",
    "instructors",
    metavar="EMAIL",
    multiple=True,
    help="Who teaches it, and earns with it; may be said more than once.",
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def import_(
    line: CommandLine,
    folder: Path,
    tenant: str,
    publish: bool,
    instructors: tuple[str, ...],
    style: str,
) -> None:
    """Make a course of the Carpentries lesson folder PATH, or bring one up to date.

    Episodes become lessons, figures media, data files; pages for learners, the credits and the
    data become an appendix that does not count for progress. Links are made to work here. Running
    it again changes only what has changed; one that was cut off goes on. Learners keep what they
    have done.

    Who teaches the course shares what is paid for it. Without --instructor nobody new does.

    The platform may run or not: if not, its services are started for as long as it takes.
    """
    source = _read(folder)
    with line.platform() as platform:
        from colonnade_course.importing.course_import import CourseImport

        with _bar(f"Importing {folder.name}") as tell:
            job = CourseImport(platform, tenant, source, tell)
            outcome = _run(job, publish=publish, instructors=instructors)
    if style == "json":
        click.echo(json.dumps(_plain(outcome), indent=2, ensure_ascii=False))
        return
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    _say(outcome, tenant)


def _read(folder: Path) -> "ImportedCourse":
    from colonnade_course.carpentries.folder import LessonRefused
    from colonnade_course.carpentries.reader import read_lesson

    try:
        return read_lesson(folder)
    except LessonRefused as error:
        raise click.ClickException("\n".join(error.problems)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None


def _run(job: "CourseImport", *, publish: bool, instructors: Sequence[str]) -> "ImportResult":
    from colonnade_course.carpentries.folder import LessonRefused

    try:
        return job.run(publish=publish, instructors=instructors)
    except LessonRefused as error:
        raise click.ClickException("\n".join(error.problems)) from None
    except ValidationError as error:
        problems = [
            f"{error.title}, {'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        ]
        raise click.ClickException(
            "The folder holds what the platform does not take:\n" + "\n".join(problems)
        ) from None


def _plain(outcome: "ImportResult") -> dict[str, object]:
    return {
        "course_id": str(outcome.course.id),
        "slug": outcome.course.slug,
        "title": outcome.course.title,
        "status": outcome.course.status,
        "lessons": outcome.lessons,
        "appendix": outcome.appendix,
        "files": outcome.files,
        "media": outcome.media,
        "changes": outcome.changes,
        "warnings": list(outcome.warnings),
    }


def _say(outcome: "ImportResult", tenant: str) -> None:
    made = outcome.course
    click.echo(
        f"'{made.title}' in {tenant}: {outcome.lessons} lessons, {outcome.appendix} pages in the "
        f"appendix, {outcome.media} figures, {outcome.files} data files. "
        f"{_count(outcome.changes)}."
    )
    click.echo(f"It is at /api/v1/courses/{made.id}.")
    if made.status != "published":
        click.echo("It is a draft: publish it with the same command and --publish.")


def _count(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes or 'No'} changes"


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def tell(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    with bar:
        yield tell
