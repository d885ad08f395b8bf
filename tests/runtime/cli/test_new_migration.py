"""`colonnade new migration`: what is drafted leads from the migrations to the models."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colonnade.services import StoreNeed
from colonnade_runtime.adapters.store.migrations import schema_differences
from colonnade_runtime.cli import main
from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files

PACKAGE = "acme_chapters"
NEED = StoreNeed(migrations=f"{PACKAGE}.migrations", models=f"{PACKAGE}.models")
SECOND = Path(PACKAGE, "migrations", "v0002_chapters_have_hints.py")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plugin as its author has begun it."""
    for path, text in plugin_files(PluginNames.of("acme-chapters", "chapter")).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    forget()


def forget() -> None:
    """Have what the author changed imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def change(plugin: Path, old: str, new: str) -> None:
    models = plugin / PACKAGE / "models.py"
    assert old in models.read_text()
    models.write_text(models.read_text().replace(old, new))
    forget()


def draft(plugin: Path, title: str = "chapters have hints") -> Result:
    told = CliRunner().invoke(main, ["new", "migration", title, "--plugin", str(plugin)])
    forget()
    return told


def test_nothing_is_drafted_while_the_models_are_reached(plugin: Path) -> None:
    told = draft(plugin)
    assert told.exit_code == 0
    assert "lead to the models already" in told.output
    assert not (plugin / SECOND).exists()


TITLE = "    title: Column[str] = column(String(200))\n"
TABLE = '''

class ReaderRow(Identified, Base):
    """Somebody who has read a chapter."""

    __tablename__ = "readers"

    chapter_id: Column[UUID] = column(ForeignKey("tenant.chapters.id", ondelete="CASCADE"))
    read_at: Column[datetime]
'''


@pytest.mark.parametrize(
    ("old", "new", "drafted"),
    [
        (TITLE, TITLE + "    hint: Column[str | None] = column(default=None)\n", "add_column"),
        ("String(200)", "String(300)", "alter_column"),
        ('"created_at", "id"),)', '"created_at", "id"), Index("ix_t", "title"))', "create_index"),
        (TITLE, "    title: Column[str] = column(String(200), unique=True)\n", "create_unique"),
    ],
)
def test_what_is_drafted_leads_to_the_models(
    plugin: Path, old: str, new: str, drafted: str
) -> None:
    change(plugin, old, new)
    assert schema_differences(NEED) != []
    forget()
    told = draft(plugin)
    assert told.exit_code == 0, told.output
    assert str(SECOND) in told.output
    source = (plugin / SECOND).read_text()
    assert source.startswith('"""Chapters have hints."""\n')
    assert drafted in source
    assert "'tenant'" not in source
    assert schema_differences(NEED) == []


def test_a_new_table_is_drafted_with_its_types_and_keys(plugin: Path) -> None:
    models = plugin / PACKAGE / "models.py"
    imports = (
        "from datetime import datetime\nfrom uuid import UUID\nfrom sqlalchemy import ForeignKey\n"
    )
    change(plugin, "from colonnade.rows import (", imports + "from colonnade.rows import (")
    models.write_text(models.read_text() + TABLE)
    told = draft(plugin)
    assert told.exit_code == 0, told.output
    assert "UtcDateTime()" in (plugin / SECOND).read_text()
    assert schema_differences(NEED) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (TITLE, TITLE + "    hint: Column[str]\n", "'chapters.hint' is not null and has no"),
        (TITLE, "", "It drops 'chapters.title' with its values. If it was renamed"),
        ('"tallies"', '"sums"', "It drops the table 'tallies' with its rows. If it was renamed"),
    ],
)
def test_what_the_author_has_to_decide_is_said(plugin: Path, old: str, new: str, says: str) -> None:
    change(plugin, old, new)
    assert says in draft(plugin).output


@pytest.mark.parametrize("title", ["", "x", "../../etc", "a" * 72, '"""'])
def test_a_title_that_cannot_be_one_is_refused(plugin: Path, title: str) -> None:
    told = draft(plugin, title)
    assert told.exit_code == 1
    assert "is no title" in told.output


def test_a_plugin_without_tables_is_told_so(plugin: Path) -> None:
    source = plugin / PACKAGE / "plugin.py"
    source.write_text(source.read_text().replace("def stores()", "def shelves()"))
    told = draft(plugin)
    assert told.exit_code == 1
    assert "has no hook 'stores'" in told.output
