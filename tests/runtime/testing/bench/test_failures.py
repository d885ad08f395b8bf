"""Failures on a bench: raised as a caller is told of them, and logged as `run` logs them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from acme_quiz import plugin as quiz_plugin
from acme_quiz.api import GetQuiz
from acme_quiz.service import Quizzes
from parcels import plugin
from parcels.api import GetParcel
from parcels.service import Parcels
from sqlalchemy import text

from colonnade.errors import Conflict
from colonnade.operations import handles
from colonnade.store import Session
from colonnade_runtime.testing import ServiceBench

SECRET = "hunter2-and-a-half"


def write_twice(session: Session, parcel_id: UUID) -> None:
    """Contradict a key of the table, with something secret among the values."""
    statement = "INSERT INTO parcels VALUES (:id, :address, 'kept', '2030-01-01')"
    for _ in range(2):
        session.execute(text(statement), {"id": parcel_id.hex, "address": SECRET})


async def test_what_a_library_raises_is_what_http_and_the_bus_make_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @handles(GetParcel)
    async def read(self: Any, request: GetParcel, call: object) -> None:
        await self._ctx.store.run(lambda session: write_twice(session, request.parcel_id))

    monkeypatch.setattr(Parcels, "read", read)
    async with ServiceBench(plugin) as bench:
        with pytest.raises(Conflict, match="kept meanwhile") as told:
            await bench.ask(GetParcel(parcel_id=uuid4()), as_=bench.person())
    assert SECRET not in str(told.value.__cause__)


async def test_a_mistake_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    @handles(GetParcel)
    async def read(self: object, request: GetParcel, call: object) -> None:
        raise LookupError("A slip.")

    monkeypatch.setattr(Parcels, "read", read)
    async with ServiceBench(plugin) as bench:
        with pytest.raises(LookupError, match="A slip"):
            await bench.ask(GetParcel(parcel_id=uuid4()), as_=bench.person())


async def test_the_log_shows_where_it_broke_and_nothing_of_what_was_at_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @handles(GetQuiz)
    async def read(self: object, request: GetQuiz, call: object) -> None:
        password = SECRET
        raise LookupError(f"There are {len(password)} letters.")

    [name] = [each for each in dir(Quizzes) if _handles(each) is GetQuiz]
    monkeypatch.setattr(Quizzes, name, read)
    before = structlog.get_config()["processors"]
    async with ServiceBench(quiz_plugin) as bench:
        http = bench.client(bench.person(roles={"learner"}))
        answer = await http.get(f"/api/v1/quizzes/{uuid4()}")
    assert answer.status_code == 500
    written = "".join(capsys.readouterr())
    assert "LookupError: There are 18 letters." in written
    assert "test_failures.py" in written
    assert SECRET not in written
    assert http.headers["Authorization"].split()[-1] not in written
    assert structlog.get_config()["processors"] is before


def _handles(name: str) -> object:
    return getattr(getattr(Quizzes, name, None), "__handles__", None)
