"""PostgreSQL's driver: transactions, lost races, and statements that are prepared once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util.concurrency import greenlet_spawn

from colonnade.rows import ConstraintViolated
from colonnade_runtime.adapters.store.postgresql.driver import (
    Isolation,
    PostgresqlDriver,
    in_schema,
)
from colonnade_runtime.adapters.store.postgresql.failures import ConnectionLost, StatementFailed

pytestmark = pytest.mark.server

T = TypeVar("T")
INSERT = "INSERT INTO __[SCHEMA_tenant].counts (id, number) VALUES ($1::BIGINT, $2::BIGINT)"
SELECT = "SELECT number FROM __[SCHEMA_tenant].counts WHERE id = $1::BIGINT"
UPDATE = "UPDATE __[SCHEMA_tenant].counts SET number = $2::BIGINT WHERE id = $1::BIGINT"


@pytest.fixture
async def schema(postgresql_url: str) -> AsyncIterator[str]:
    """A schema with a table of two rows."""
    name = f"driver {uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute(
        f'CREATE SCHEMA "{name}"; CREATE TABLE "{name}".counts (id bigint PRIMARY KEY, '
        f'number bigint); INSERT INTO "{name}".counts VALUES (1, 0), (2, 0)'
    )
    yield name
    await connection.execute(f'DROP SCHEMA "{name}" CASCADE')
    await connection.close()


@pytest.fixture
def driver(postgresql_url: str, schema: str) -> Callable[[], Any]:
    """New drivers, each on a connection of its own."""

    @asynccontextmanager
    async def open_driver() -> AsyncIterator[PostgresqlDriver]:
        engine = create_async_engine(
            postgresql_url.replace("postgresql:", "postgresql+asyncpg:"),
            poolclass=NullPool,
            hide_parameters=True,
        )
        async with engine.connect() as connection:
            yield PostgresqlDriver(connection, schema)

    return open_driver


async def sent(function: Callable[..., T], *arguments: Any) -> T:
    return await greenlet_spawn(function, *arguments)


async def begun(driver: PostgresqlDriver, isolation: Isolation = "READ COMMITTED") -> None:
    await sent(driver.begin, isolation)


async def number(driver: PostgresqlDriver, key: int) -> int:
    [[found]] = await sent(driver.fetch, SELECT, (key,))
    return int(found)


async def failure_of(awaitable: Awaitable[Any]) -> StatementFailed:
    with pytest.raises(StatementFailed) as failed:
        await awaitable
    return failed.value


async def test_a_commit_stays_and_a_rollback_does_not(driver: Callable[[], Any]) -> None:
    async with driver() as one:
        await begun(one)
        assert one.in_transaction
        await sent(one.execute, UPDATE, (1, 5))
        await sent(one.commit)
        assert not one.in_transaction
        await begun(one)
        await sent(one.execute, UPDATE, (1, 7))
        await sent(one.roll_back)
        assert not one.in_transaction
        await begun(one)
        assert await number(one, 1) == 5
        await sent(one.roll_back)


async def test_statements_of_sqlalchemy_share_the_transaction(driver: Callable[[], Any]) -> None:
    async with driver() as one, driver() as other:
        await begun(one)
        await sent(one.execute, UPDATE, (1, 5))
        assert (
            await sent(one.run, text("SELECT number FROM counts WHERE id = 1"), None)
        ).all() == [(5,)]
        await sent(one.run, text("UPDATE counts SET number = 6 WHERE id = 1"), None)
        await begun(other)
        assert await number(other, 1) == 0
        await sent(other.roll_back)
        await sent(one.roll_back)
        await begun(one)
        assert await number(one, 1) == 0
        await sent(one.roll_back)


async def test_a_transaction_that_lost_a_race_can_be_run_again(driver: Callable[[], Any]) -> None:
    async with driver() as one, driver() as other:
        for each in (one, other):
            await begun(each, "SERIALIZABLE")
            assert await number(each, 1) == 0
        await sent(one.execute, UPDATE, (1, 1))
        await sent(one.commit)
        failure = await failure_of(sent(other.execute, UPDATE, (1, 2)))
        assert (failure.sqlstate, failure.may_succeed_again) == ("40001", True)
        await sent(other.roll_back)


async def test_a_lost_race_of_a_statement_of_sqlalchemy_is_told_alike(
    driver: Callable[[], Any],
) -> None:
    async with driver() as one, driver() as other:
        for each in (one, other):
            await begun(each, "REPEATABLE READ")
            assert await number(each, 1) == 0
        await sent(one.execute, UPDATE, (1, 1))
        await sent(one.commit)
        failure = await failure_of(sent(other.run, text("UPDATE counts SET number = 2"), None))
        assert failure.may_succeed_again
        await sent(other.roll_back)


async def test_a_deadlock_can_be_run_again(driver: Callable[[], Any]) -> None:
    async with driver() as one, driver() as other:
        await begun(one)
        await begun(other)
        await sent(one.execute, UPDATE, (1, 1))
        await sent(other.execute, UPDATE, (2, 1))
        outcomes = await asyncio.wait_for(
            asyncio.gather(
                _then_roll_back(one, 2), _then_roll_back(other, 1), return_exceptions=True
            ),
            30,
        )
        [failure] = [each for each in outcomes if isinstance(each, BaseException)]
        assert isinstance(failure, StatementFailed)
        assert (failure.sqlstate, failure.may_succeed_again) == ("40P01", True)


async def _then_roll_back(driver: PostgresqlDriver, key: int) -> None:
    try:
        await sent(driver.execute, UPDATE, (key, 2))
    finally:
        await sent(driver.roll_back)


async def test_a_commit_after_a_failed_statement_is_an_error(driver: Callable[[], Any]) -> None:
    """PostgreSQL answers it with a rollback, and would not say so."""
    async with driver() as one:
        await begun(one)
        await sent(one.execute, UPDATE, (1, 5))
        with pytest.raises(ConstraintViolated):
            await sent(one.execute, INSERT, (1, 1))
        failure = await failure_of(sent(one.fetch, SELECT, (1,)))
        assert (failure.sqlstate, failure.may_succeed_again) == ("25P02", False)
        with pytest.raises(StatementFailed, match="rolled back instead of committed"):
            await sent(one.commit)
        assert not one.in_transaction


async def test_a_transaction_that_only_reads_cannot_write(driver: Callable[[], Any]) -> None:
    async with driver() as one:
        await greenlet_spawn(one.begin, read_only=True)
        assert (await failure_of(sent(one.execute, UPDATE, (1, 5)))).sqlstate == "25006"
        await sent(one.roll_back)


async def test_a_statement_is_prepared_once(driver: Callable[[], Any]) -> None:
    prepared = (
        "SELECT count(*) FROM pg_prepared_statements "
        "WHERE statement LIKE '%.counts %' AND statement NOT LIKE '%pg_prepared%'"
    )
    async with driver() as one:
        await begun(one)
        for key in (1, 2, 1):
            await number(one, key)
        await sent(one.execute_many, UPDATE, [(1, 1), (2, 2)])
        await sent(one.execute_many, UPDATE, [(1, 3), (2, 4)])
        assert await sent(one.fetch, prepared, ()) == [(2,)]
        await sent(one.roll_back)


async def test_many_statements_count_every_row(driver: Callable[[], Any]) -> None:
    async with driver() as one:
        await begun(one)
        assert await sent(one.execute_many, UPDATE, [(1, 1), (2, 2), (3, 3)]) == 2
        assert await sent(one.execute_many, INSERT, [(i, 0) for i in range(10, 200)]) == 190
        assert await sent(one.execute_many, f"{INSERT} RETURNING id", [(300, 0)]) == 1
        assert await sent(one.execute, "SAVEPOINT here", ()) == -1
        await sent(one.roll_back)


async def test_a_connection_that_is_lost_is_told(driver: Callable[[], Any]) -> None:
    async with driver() as one, driver() as other:
        await begun(one)
        [[process]] = await sent(one.fetch, "SELECT pg_backend_pid()", ())
        await begun(other)
        await sent(other.fetch, "SELECT pg_terminate_backend($1)", (process,))
        await sent(other.roll_back)
        for work in (lambda: one.fetch(SELECT, (1,)), lambda: one.run(text("SELECT 1"), None)):
            failure = await failure_of(sent(work))
            assert isinstance(failure, ConnectionLost)
            assert not failure.may_succeed_again
        await sent(one.roll_back)


async def test_a_statement_that_takes_too_long_ends_with_its_caller(
    driver: Callable[[], Any],
) -> None:
    async with driver() as one:
        await begun(one)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await sent(one.fetch, "SELECT pg_sleep(60)", ())
        await asyncio.wait_for(sent(one.roll_back), 10)
        assert not one.in_transaction


async def test_the_placeholder_is_nobodys_schema(postgresql_url: str) -> None:
    engine = create_async_engine(
        postgresql_url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool
    )
    async with engine.connect() as connection:
        with pytest.raises(ValueError, match="no tenant can have it"):
            PostgresqlDriver(connection, "tenant")


def test_a_statement_is_put_into_a_schema_once() -> None:
    in_schema.cache_clear()
    texts = {in_schema(SELECT, f'"{tenant}"') for tenant in ("acme", "other", "acme")}
    assert texts == {
        'SELECT number FROM "acme".counts WHERE id = $1::BIGINT',
        'SELECT number FROM "other".counts WHERE id = $1::BIGINT',
    }
    assert in_schema.cache_info().misses == 2
