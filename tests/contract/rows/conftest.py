"""Every database that the suite runs against: add one here, change no test."""

from collections.abc import Callable, Iterator
from inspect import signature
from uuid import uuid4

import pytest

from colonnade.store import Session
from colonnade.tables import PlatformBase
from tests.contract.rows.support.all_types import TypesBase
from tests.contract.rows.support.library import Base
from tests.contract.rows.support.row_databases import (
    PostgresqlDatabase,
    PostgresqlServer,
    Rows,
    SqliteDatabase,
)

TABLES = (Base.metadata, PlatformBase.metadata, TypesBase.metadata)


@pytest.fixture(scope="session")
def postgresql_rows(postgresql_url: str) -> Iterator[Rows]:
    """Schemas on the server that all tests share."""
    server = PostgresqlServer(postgresql_url)
    database = PostgresqlDatabase(server, f"rows-{uuid4().hex[:12]}", *TABLES)
    yield Rows(database)
    database.close()
    server.close()


@pytest.fixture(scope="session")
def sqlite_rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """Files of the session."""
    database = SqliteDatabase(tmp_path_factory.mktemp("rows"), *TABLES)
    yield Rows(database)
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def rows(request: pytest.FixtureRequest) -> Iterator[Rows]:
    """A database with the suite's tables, which are empty."""
    found: Rows = request.getfixturevalue(f"{request.param}_rows")
    yield found
    found.clear(*TABLES)


@pytest.fixture
def session(rows: Rows) -> Iterator[Session]:
    """A session in a transaction that is rolled back."""
    driver = rows.driver()
    rows.call(driver.begin)
    session = rows.beside(driver)
    yield session
    session.close()
    rows.call(driver.roll_back)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test where sessions can be used: on PostgreSQL that is a greenlet."""
    rows = pyfuncitem.funcargs.get("rows")
    if not isinstance(rows, Rows):
        return None
    test: Callable[..., None] = pyfuncitem.obj
    given = {name: pyfuncitem.funcargs[name] for name in signature(test).parameters}
    rows.call(lambda: test(**given))
    return True
