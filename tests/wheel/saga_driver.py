"""Runs inside an environment with wheels only: kills the platform between any two transactions.

    python saga_driver.py SITE PAPER POINT…

For each crash point and each time it is reached, a child process starts the platform on a site of
its own, hands a paper in and is killed there with SIGKILL; a second child carries on to the end.
What the examiner's books and the attempt say then is written to `told.jsonl` beside the site, a
line for each crash.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import acme_quiz
from acme_quiz.api import CreateQuiz, GetAttempt, GetQuiz, SubmitAttempt
from sqlalchemy.orm import configure_mappers

import colonnade_content
import colonnade_course
import colonnade_runtime
import colonnade_user
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade.crash_points import arm
from colonnade.messages import Request
from colonnade_course.api import CreateCourse, PublishCourse
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.process.runtime import Runtime

ADA = Principal(PrincipalKind.USER, "0190a000-0000-7000-8000-0000000000ad", ("owner",))
SETTINGS = ["tenants.watch=false", "logging.level=error", "logging.access=false"]
SECONDS = 60
Work = Callable[[], Coroutine[None, None, None]]
MOST = 40
PACKAGES = (acme_quiz, colonnade_user, colonnade_course, colonnade_content, colonnade_runtime)
APART = {"testing", "migrations", "workers", "__main__"}
"""Parts of the names of modules that no child imports."""


async def prepare(site: Path) -> None:
    """Make a course and its quiz. What that publishes is over before any crash is armed."""
    runtime = Runtime(read_declaration(site / "platform.yaml", SETTINGS))
    await runtime.start()
    try:
        course = await ask(runtime, CreateCourse(title="Python", slug="python"))
        await ask(runtime, PublishCourse(course_id=course.id))
        quiz = await ask(runtime, CreateQuiz(course_id=course.id, title="Loops"))
        (site / "quiz").write_text(str(quiz.id))
    finally:
        await runtime.stop()


async def live(site: Path, paper: str) -> None:
    """Hand the paper in, unless that was done, and stay until the attempt has ended."""
    runtime = Runtime(read_declaration(site / "platform.yaml", SETTINGS))
    await runtime.start()
    try:
        quiz, attempt = await begun(runtime, site, paper)
        async with asyncio.timeout(SECONDS):
            while await status_of(runtime, attempt) == "submitted":
                await asyncio.sleep(0.01)
            passed = await status_of(runtime, attempt) == "passed"
            while passed and (await ask(runtime, GetQuiz(quiz_id=quiz))).passes == 0:
                await asyncio.sleep(0.01)
        found = await ask(runtime, GetQuiz(quiz_id=quiz))
        end = {"status": await status_of(runtime, attempt), "passes": found.passes}
        (site / "end.json").write_text(json.dumps(end))
    finally:
        await runtime.stop()


async def begun(runtime: Runtime, site: Path, paper: str) -> tuple[UUID, UUID]:
    """The quiz and the attempt, which is handed in unless that was committed before a crash."""
    quiz = UUID((site / "quiz").read_text())
    attempt = handed_in(site)
    if attempt is None:
        arm(os.environ.get("CRASH_HERE", ""))
        attempt = (await ask(runtime, SubmitAttempt(quiz_id=quiz, paper=paper))).id
    return quiz, attempt


def handed_in(site: Path) -> UUID | None:
    """The attempt in the store: its process may have been killed before it was answered."""
    with contextlib.closing(sqlite3.connect(site / "var/data/acme/quiz.sqlite3")) as store:
        row = store.execute("SELECT id FROM attempts").fetchone()
    return None if row is None else UUID(row[0])


async def status_of(runtime: Runtime, attempt: UUID) -> str:
    return str((await ask(runtime, GetAttempt(attempt_id=attempt))).status)


async def ask(runtime: Runtime, request: Request) -> Any:
    with use_context(Context("acme", ADA, time.time() + 30, "driver")):
        return await runtime.ask(request)


def in_child(work: Work, site: Path, crash_at: str) -> int:
    process = os.fork()
    if process == 0:
        code = 70
        try:
            signal.alarm(SECONDS)
            os.environ["CRASH_HERE"] = crash_at
            asyncio.run(work())
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def tell(site: Path, point: str, killed: int, ended: int) -> None:
    books = site / "var" / "examiner" / "books.jsonl"
    lines = [json.loads(line) for line in books.read_text().splitlines()] if books.exists() else []
    end = json.loads((site / "end.json").read_text()) if (site / "end.json").exists() else None
    effects = Counter(name for name, _ in lines)
    told = {"point": point, "killed": killed, "ended": ended, "effects": effects, "end": end}
    with site.with_name("told.jsonl").open("a") as file:
        file.write(json.dumps(told) + "\n")


def import_everything() -> None:
    """Import what a child would, and let its collector leave that alone: once for all of them."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if APART & set(found.name.split(".")):
                continue
            with contextlib.suppress(ImportError):
                # An adapter whose library is not installed is not used here either.
                importlib.import_module(found.name)
    configure_mappers()
    gc.collect()
    gc.freeze()


def main(source: Path, paper: str, points: list[str]) -> None:
    import_everything()
    prepared = source.with_name(f"{source.name}-prepared")
    shutil.copytree(source, prepared)
    if in_child(partial(prepare, prepared), prepared, "") != 0:
        sys.exit("The course could not be made.")
    for point in points:
        for count in range(1, MOST):
            site = source.with_name(f"{source.name}-{point}-{count}")
            shutil.copytree(prepared, site)
            work = partial(live, site, paper)
            killed = in_child(work, site, f"{point}:{count}")
            ended = in_child(work, site, "") if killed == -signal.SIGKILL else killed
            tell(site, point, killed, ended)
            shutil.rmtree(site)
            if killed != -signal.SIGKILL:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
