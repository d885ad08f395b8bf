"""A platform that is killed while it makes a report: the report goes on, or fails so that somebody
sees it, and can be asked for again."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins" / "payment" / "support"))

from payment_academy import OWNER, until

from colonnade.context import Context, use_context
from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo
from colonnade_analytics.api import (
    BarChart,
    Column,
    CreateReport,
    ListReports,
    Report,
    ReportParameters,
    ReportTable,
    Series,
)
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.process.runtime import Runtime
from tests.journeys.support.academy import copied_declaration

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLED = -9
QUARTER = {"interval": "week", "from_date": "2025-01-01", "to_date": "2025-03-31"}
"""Fourteen cohorts: a report of four steps."""

SETTINGS = [
    "tenants.watch=false",
    *(f"services.{name}.enabled=false" for name in ("payment", "notification")),
]

Child = Callable[[Callable[[], None], str], int]


class Deadly:
    """A kind of report that takes the process with it, as one that needs too much memory does,
    as long as a file is there."""

    name = "deadly"
    parameters = ReportParameters

    def __init__(self, file: Path) -> None:
        self._file = file

    def title(self, locale: str) -> str:
        return "Deadly"

    async def step(self, source: Any, parameters: Any, state: Any) -> ReportTable:
        if self._file.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        chart = BarChart(("a",), (Series("n", (1.0,)),), "what", "how many")
        return ReportTable("Deadly", "", (Column("a", "A"),), ({"a": 1},), ("It is over.",), chart)


def deadly_plugin(file: Path) -> ModuleType:
    """A plugin that brings it."""
    module = ModuleType("deadly_reports")

    @hookimpl
    def plugin_info() -> PluginInfo:
        return PluginInfo("deadly-reports", "1.0", implements=("analytics",))

    @hookimpl
    def reports() -> list[Deadly]:
        return [Deadly(file)]

    module.plugin_info, module.reports = plugin_info, reports
    return module


class Desk:
    """Somebody who asks for reports in acme."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def ask(self, request: Any) -> Any:
        with use_context(Context("acme", OWNER, time.time() + 20, "test")):
            return await self._runtime.dispatcher.do(request)

    async def all(self) -> list[Report]:
        """Newest first."""
        found: list[Report] = (await self.ask(ListReports())).items
        return found

    async def over(self) -> bool:
        """Whether none is under way."""
        return all(one.status in ("ready", "failed") for one in await self.all())


def asking(folder: Path, number: int, kind: str, **parameters: Any) -> Callable[[], None]:
    """A process that asks until there are `number` reports, and ends when all of them are over."""

    async def main() -> None:
        declared = read_declaration(
            folder / "platform.yaml",
            SETTINGS,
            extra=[deadly_plugin(folder / "poison")],
        )
        runtime = Runtime(declared, announce=lambda _: None)
        await runtime.start()
        desk = Desk(runtime)
        if len(await desk.all()) < number:
            await desk.ask(CreateReport(kind=kind, parameters=parameters))
        await until(desk.over, 50)
        (folder / "statuses").write_text(json.dumps([one.status for one in await desk.all()]))
        await runtime.stop()

    return lambda: asyncio.run(main())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with copied_declaration(tmp_path).open("a") as declaration:
        declaration.write("\nplugins: {deadly-reports: }\n")
    return tmp_path


def statuses(folder: Path) -> list[str]:
    """The statuses of all reports when the last process ended, newest first."""
    found: list[str] = json.loads((folder / "statuses").read_text())
    return found


@pytest.mark.parametrize("where", ["analytics.stepped:1", "analytics.stepped:4"])
def test_a_report_goes_on_where_it_was(folder: Path, child: Child, where: str) -> None:
    """In its first step, and when all is drawn and nothing kept."""
    wanted = asking(folder, 1, "cohort_retention", **QUARTER)
    assert child(wanted, where) == KILLED
    assert child(wanted, "") == 0
    assert statuses(folder) == ["ready"]


def test_a_report_that_kills_the_process_fails_and_can_be_asked_for_again(
    folder: Path, child: Child
) -> None:
    """Three times; then the platform runs, says that the report failed, and makes the next."""
    poison = folder / "poison"
    poison.touch()
    codes = [child(asking(folder, 1, "deadly"), "") for _ in range(4)]
    assert codes == [KILLED] * 3 + [0]
    assert statuses(folder) == ["failed"]
    poison.unlink()
    assert child(asking(folder, 2, "deadly"), "") == 0
    assert statuses(folder) == ["ready", "failed"]
