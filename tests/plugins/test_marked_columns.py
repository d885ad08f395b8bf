"""Marks on columns and marks on messages say the same: what is personal in one is in the other."""

import importlib
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from colonnade.personal import Confidential, Personal, marked_fields
from colonnade.rows.columns import PERSONAL, SECRET

SERVICES = ["user", "course", "content", "payment", "notification", "analytics"]
OTHER_THINGS = {
    ("notification", "notification_keys", "name"): "a key's name, not a recipient's",
    ("notification", "notifications", "facts"): "values; a preview answers with sample ones",
}
"""Columns that share a name with a marked field, and are something else."""


def models_of(service: str) -> set[type[BaseModel]]:
    api = importlib.import_module(f"colonnade_{service}.api")
    waiting = [each for each in vars(api).values() if isinstance(each, type)]
    found: set[type[BaseModel]] = set()
    while waiting:
        kind = waiting.pop()
        if kind in found or not issubclass(kind, BaseModel):
            continue
        found.add(kind)
        for field in kind.model_fields.values():
            waiting += [each for each in parts(field.annotation) if isinstance(each, type)]
    return found


def parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from parts(argument)


def columns_of(service: str) -> Iterator[tuple[str, Any]]:
    models = importlib.import_module(f"colonnade_{service}.models")
    for table in models.Base.metadata.sorted_tables:
        for column in table.columns:
            if (service, table.name, column.name) not in OTHER_THINGS:
                yield table.name, column


def marked(service: str, mark: type[Any]) -> set[str]:
    return {name for model in models_of(service) for name in marked_fields(model, mark)}


@pytest.mark.parametrize("service", SERVICES)
def test_what_messages_mark_as_personal_is_marked_in_its_table(service: str) -> None:
    names = marked(service, Personal)
    wrong = [
        f"{table}.{column.name}"
        for table, column in columns_of(service)
        if column.name in names and PERSONAL not in column.info
    ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_table_marks_as_personal_is_marked_in_messages(service: str) -> None:
    """A field of that name that no message marks would travel and be logged as it is."""
    names = {name for model in models_of(service) for name in model.model_fields}
    personal = marked(service, Personal) | marked(service, Confidential)
    wrong = [
        f"{table}.{column.name}"
        for table, column in columns_of(service)
        if PERSONAL in column.info and column.name in names - personal
    ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_secret_is_in_no_message_without_a_mark(service: str) -> None:
    names = {name for model in models_of(service) for name in model.model_fields}
    wrong = [
        f"{table}.{column.name}"
        for table, column in columns_of(service)
        if SECRET in column.info and column.name in names - marked(service, Confidential)
    ]
    assert wrong == []


def test_other_things_are_still_there() -> None:
    for service, table, name in OTHER_THINGS:
        models = importlib.import_module(f"colonnade_{service}.models")
        assert name in models.Base.metadata.tables[f"tenant.{table}"].columns
