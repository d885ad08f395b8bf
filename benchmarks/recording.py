"""Recording of what a piece of work does: statements, commits, questions, evaluations, in order."""

import collections
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colonnade.operations import operation_of
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.calls.dispatcher import Dispatcher

COMMIT, STATEMENT, UNPREPARED = "commit", "statement", "not prepared"
ASK, EVALUATION = "ask", "evaluation"

_VERB = re.compile(r"\s*(?:WITH .*?\))?\s*(SELECT|INSERT|UPDATE|DELETE)", re.DOTALL)
_TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"?(?:tenant"?\.)?"?(\w+)')
_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done: its kind, the service whose store it was done on or that was
    asked, and in short what: `SELECT users`, `GetCourse`, `course.read`."""

    kind: str
    service: str
    what: str


@dataclass
class Recording:
    """Steps in the order in which they began."""

    steps: list[Step] = field(default_factory=list)

    def note(self, kind: str, service: str, what: str) -> None:
        """Add a step."""
        self.steps.append(Step(kind, service, what))

    def counts(self) -> collections.Counter[str]:
        """Number of steps of each kind; a statement that was not prepared is a statement too."""
        counts = collections.Counter(step.kind for step in self.steps)
        counts[STATEMENT] += counts[UNPREPARED]
        return counts


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record, for the block, what this process does on SQLite, asks and evaluates."""
    recording = Recording()
    kept = {name: getattr(SqliteDriver, name) for name in ("fetch", "execute", "execute_many")}
    run, ask, decide = SqliteDriver.run, Dispatcher.ask, EmbeddedPolicy.decide
    services: dict[int, str] = {}

    def noted(name: str) -> Any:
        def call(self: SqliteDriver, sql: str, parameters: Any) -> Any:
            if sql == "COMMIT":
                recording.note(COMMIT, _service(self, services), "COMMIT")
            elif not sql.startswith(_CONTROL):
                recording.note(STATEMENT, _service(self, services), _short(sql))
            return kept[name](self, sql, parameters)

        return call

    def noted_run(self: SqliteDriver, statement: Any, parameters: Any) -> Any:
        recording.note(UNPREPARED, _service(self, services), _short(str(statement)))
        return run(self, statement, parameters)

    async def noted_ask(self: Dispatcher, request: Any, *arguments: Any) -> Any:
        recording.note(ASK, operation_of(type(request)).service, type(request).__name__)
        return await ask(self, request, *arguments)

    async def noted_decide(self: EmbeddedPolicy, query: Any) -> Any:
        recording.note(EVALUATION, query.action.partition(".")[0], query.action)
        return await decide(self, query)

    for name in kept:
        setattr(SqliteDriver, name, noted(name))
    SqliteDriver.run = noted_run  # type: ignore[method-assign]
    Dispatcher.ask = noted_ask  # type: ignore[method-assign,assignment]
    EmbeddedPolicy.decide = noted_decide  # type: ignore[method-assign]
    try:
        yield recording
    finally:
        for name, method in kept.items():
            setattr(SqliteDriver, name, method)
        SqliteDriver.run = run  # type: ignore[method-assign]
        Dispatcher.ask = ask  # type: ignore[method-assign]
        EmbeddedPolicy.decide = decide  # type: ignore[method-assign]


def _service(driver: SqliteDriver, known: dict[int, str]) -> str:
    """The service whose file the driver's connection is on; files are named after services."""
    connection = driver._driver
    if id(connection) not in known:
        [[_, _, file], *_] = connection.execute("PRAGMA database_list").fetchall()
        known[id(connection)] = Path(file).stem
    return known[id(connection)]


def _short(sql: str) -> str:
    verb, table = _VERB.match(sql), _TABLE.search(sql)
    if verb is None or table is None:
        return " ".join(sql.split())[:60]
    name = "UPSERT" if "ON CONFLICT" in sql and "DO UPDATE" in sql else verb.group(1)
    return f"{name} {table.group(1).removeprefix('colonnade_')}"
