"""A store of an older release: who made what there is becomes known."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_content.migrations import (
    v0001_initial,
    v0002_file_origins,
    v0003_renderings,
    v0004_makers,
)

NOW = "2026-01-01 00:00:00"


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as made:
        made.execute(sa.text(f"ATTACH DATABASE ':memory:' AS {PLACEHOLDER_SCHEMA}"))
        yield made


def test_makers_of_what_is_there_are_known(connection: sa.Connection) -> None:
    op = Operations(MigrationContext.configure(connection))
    v0001_initial.upgrade(op)
    v0002_file_origins.upgrade(op)
    for statement in (
        "INSERT INTO files VALUES "
        f"('f', 'a', 'text/plain', 1, 'x', 'ada', 1, '{NOW}', '{NOW}', NULL)",
        f"INSERT INTO media VALUES ('m', 'f', 'ready', NULL, 1, '{NOW}', '{NOW}')",
        "INSERT INTO contents VALUES "
        f"('c', 'markdown', 'T', 'x', NULL, NULL, NULL, NULL, 2, 1, '{NOW}', '{NOW}')",
        "INSERT INTO content_revisions VALUES "
        f"('c', 1, 'T', 'x', NULL, NULL, NULL, 'grace', '{NOW}')",
        "INSERT INTO content_revisions VALUES "
        f"('c', 2, 'T', 'y', NULL, NULL, NULL, 'bob', '{NOW}')",
    ):
        connection.execute(sa.text(statement))
    v0003_renderings.upgrade(op)
    v0004_makers.upgrade(op)
    assert connection.scalar(sa.text("SELECT created_by FROM contents")) == "grace"
    assert connection.scalar(sa.text("SELECT created_by FROM media")) == "ada"
