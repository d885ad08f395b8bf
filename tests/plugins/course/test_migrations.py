"""Academies that are older than a rule about their rows have it applied when they are upgraded."""

import unicodedata
from importlib import import_module

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_course.models import CourseRow, CourseToTellRow

MIGRATIONS = "colonnade_course.migrations"


def test_titles_of_older_academies_are_found_in_either_composition() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as plain:
        connection = plain.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        operations = Operations(MigrationContext.configure(connection))
        import_module(f"{MIGRATIONS}.v0001_initial").upgrade(operations)
        decomposed = unicodedata.normalize("NFD", "Café")
        columns = _columns(connection)
        given = {"title": decomposed, "folded_title": decomposed.casefold()}
        connection.execute(_courses(columns).insert().values(columns | given))
        import_module(f"{MIGRATIONS}.v0002_composed_titles").upgrade(operations)
        found = connection.execute(sa.select(CourseRow.title, CourseRow.folded_title)).one()
        assert tuple(found) == (decomposed, "café")


def test_courses_that_are_there_are_to_be_told_of() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as plain:
        connection = plain.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        operations = Operations(MigrationContext.configure(connection))
        import_module(f"{MIGRATIONS}.v0001_initial").upgrade(operations)
        columns = _columns(connection)
        connection.execute(_courses(columns).insert().values(columns))
        import_module(f"{MIGRATIONS}.v0003_courses_to_tell").upgrade(operations)
        listed = connection.execute(sa.select(CourseToTellRow.course_id)).scalars().all()
        assert listed == [columns["id"]]


def _courses(columns: dict[str, object]) -> sa.Table:
    """The table as it was, without what came later."""
    types = CourseRow.__table__.columns
    metadata = sa.MetaData(schema=PLACEHOLDER_SCHEMA)
    return sa.Table("courses", metadata, *(sa.Column(name, types[name].type) for name in columns))


def _columns(connection: sa.Connection) -> dict[str, object]:
    """Values for the columns that courses had in the first schema."""
    first = {column["name"] for column in sa.inspect(connection).get_columns("courses")}
    return {
        column.name: _filler(column)
        for column in CourseRow.__table__.columns
        if column.name in first
    }


def _filler(column: "sa.Column[object]") -> object:
    kind = column.type.python_type
    return None if column.nullable else kind(int=1) if kind.__name__ == "UUID" else _some(kind)


def _some(kind: type) -> object:
    import datetime

    moments = {datetime.datetime: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}
    return moments.get(kind) or kind()
