"""Migrations: found, run in order, and leading to what the models declare."""

import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from shelf.models import Book
from sqlalchemy import Connection, select, text
from store_harness import NEED, SqliteHarness, acting_in, sqlite_harness

from colonnade.errors import ConfigurationError, Unavailable
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.services import StoreNeed
from colonnade.tables import OutboxRow
from colonnade_runtime.adapters.store.migrations import discover_migrations, schema_differences
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import TenantSchema

ADD_AUTHOR = """
import sqlalchemy as sa
def upgrade(op):
    op.add_column("books", sa.Column("author", sa.Text()), schema="tenant")
    op.execute("UPDATE books SET author = 'unknown'")
"""
FAILS_HALF_WAY = """
import sqlalchemy as sa
def upgrade(op):
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True), schema="tenant")
    raise RuntimeError("half-way")
"""

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Writes a migrations package that starts with the shelf's first."""
    root = tmp_path / "packages"
    root.mkdir()
    monkeypatch.syspath_prepend(str(root))
    first = Path(sys.modules["shelf"].__path__[0], "migrations", "v0001_initial.py").read_text()

    def write(name: str, **modules: str) -> str:
        folder = root / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "v0001_initial.py").write_text(first)
        for module, source in modules.items():
            (folder / f"{module}.py").write_text(source)
        return name

    return write


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A folder in which acme has a store at the first schema, with one book."""
    folder = tmp_path / "data"
    async with sqlite_harness(folder) as harness:
        with acting_in("acme"):
            await harness.store().run(lambda s: s.add(Book(title="old")))
    return folder


def test_the_shelfs_migrations_lead_to_its_models() -> None:
    assert schema_differences(NEED) == []


def test_a_process_runs_the_migrations_of_one_schema_once_for_new_stores(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = StoreNeed(package("once", v0002_author=ADD_AUTHOR), NEED.models)
    other = StoreNeed(package("another", v0002_author=ADD_AUTHOR + "\n"), NEED.models)
    run: list[str] = []
    migrate = TenantSchema.bring_up_to_date

    def counted(schema: TenantSchema, connection: Connection, file: str) -> dict[str, str]:
        run.append(file)
        return migrate(schema, connection, file)

    monkeypatch.setattr(TenantSchema, "bring_up_to_date", counted)
    for name, wanted in (("first", need), ("second", need), ("third", other)):
        store = tmp_path / name / "acme.sqlite3"
        TenantSchema(ServiceFiles(tmp_path / name, "shelf"), wanted).copy_template(store)
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("UPDATE books SET author = 'b'")
    assert len(run) == 2


def test_what_models_and_migrations_disagree_about_is_said_in_sentences(package: Package) -> None:
    drop = 'def upgrade(op):\n    op.drop_index("ix_tenant_books_shelf", table_name="books")\n'
    name = package("drifted", v0002_author=ADD_AUTHOR, v0003_index=drop)
    found = schema_differences(StoreNeed(name, NEED.models))
    assert any("the migrations have column 'author'" in sentence for sentence in found)
    assert any("the models have index 'ix_tenant_books_shelf'" in sentence for sentence in found)
    assert len(found) == 2


def test_a_gap_in_the_numbers_is_refused(package: Package) -> None:
    with pytest.raises(ConfigurationError, match="v0002 was expected where v0003_author is"):
        discover_migrations(package("gap", v0003_author=ADD_AUTHOR))


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        discover_migrations("nowhere.migrations")


def test_a_changed_migration_changes_the_digest(package: Package) -> None:
    one = discover_migrations(package("one", v0002_author=ADD_AUTHOR))
    two = discover_migrations(package("two", v0002_author=ADD_AUTHOR + "\n"))
    assert one.digest != two.digest
    assert one.latest == 2


async def test_an_older_file_is_brought_up_to_date_when_it_is_opened(
    folder: Path, package: Package
) -> None:
    need = StoreNeed(package("upgraded", v0002_author=ADD_AUTHOR), NEED.models)
    async with sqlite_harness(folder) as harness:
        store = harness.store(need=need)
        with acting_in("acme"):
            rows = await store.read(
                lambda s: s.execute(text("SELECT title, author FROM books")).all()
            )
        (provisioned,) = await store.control.provisioned()
    assert rows == [("old", "unknown")]
    assert provisioned.schema_version == 2


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    folder: Path, package: Package
) -> None:
    need = StoreNeed(
        package("failing", v0002_author=ADD_AUTHOR, v0003_half=FAILS_HALF_WAY), NEED.models
    )
    async with sqlite_harness(folder) as harness:
        with acting_in("acme"), pytest.raises(Unavailable, match="half-way"):
            await harness.store(need=need).read(lambda s: None)
    raw = sqlite3.connect(folder / "acme" / "shelf.sqlite3")
    tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
    facts = dict(raw.execute("SELECT name, value FROM colonnade_meta"))
    raw.close()
    assert "half" not in tables
    assert facts["service_version"] == "2"


async def test_a_platform_table_that_a_file_lacks_is_created_when_it_is_opened(
    folder: Path,
) -> None:
    raw = sqlite3.connect(folder / "acme" / "shelf.sqlite3")
    raw.execute("DROP TABLE colonnade_outbox")
    raw.execute("UPDATE colonnade_meta SET value = 'older' WHERE name = 'platform_tables'")
    raw.commit()
    raw.close()
    async with sqlite_harness(folder) as harness:
        with acting_in("acme"):
            assert await harness.store().read(lambda s: s.scalars(select(OutboxRow)).all()) == []


async def test_the_outbox_of_an_earlier_release_gets_its_generations(folder: Path) -> None:
    raw = sqlite3.connect(folder / "acme" / "shelf.sqlite3")
    raw.execute("ALTER TABLE colonnade_outbox DROP COLUMN generation")
    raw.execute(
        "INSERT INTO colonnade_outbox (event_id, type, key, envelope, created_at) "
        "VALUES ('00000000000000000000000000000001', 't', 'k', '{}', '2026-01-01 00:00:00.000000')"
    )
    raw.execute("UPDATE colonnade_meta SET value = '0' WHERE name = 'platform_version'")
    raw.commit()
    raw.close()
    async with sqlite_harness(folder) as harness:
        with acting_in("acme"):
            query = select(OutboxRow.generation)
            assert await harness.store().read(lambda s: s.scalars(query).all()) == [0]


async def test_an_upgraded_store_is_as_fast_as_a_new_one(folder: Path, package: Package) -> None:
    """Settings that only schema changes need are not left on the connections."""
    need = StoreNeed(package("again", v0002_author=ADD_AUTHOR), NEED.models)
    async with sqlite_harness(folder) as harness:
        with acting_in("acme"):
            options = await harness.store(need=need).run(
                lambda s: s.driver.run(text("SELECT 1"), None).connection.get_execution_options()
            )
    assert PLACEHOLDER_SCHEMA not in options.get("schema_translate_map", {})


async def test_a_template_of_an_earlier_schema_is_removed(tmp_path: Path, package: Package) -> None:
    async with sqlite_harness(tmp_path / "data") as harness:
        await first_use(harness, NEED, "acme")
        need = StoreNeed(package("later", v0002_author=ADD_AUTHOR), NEED.models)
        await harness.stores.open_files.close()
        await first_use(harness, need, "globex")
        assert len(list((harness.folder / "_templates").iterdir())) == 1


async def first_use(harness: SqliteHarness, need: StoreNeed, tenant: str) -> None:
    with acting_in(tenant):
        await harness.store(need=need).read(lambda s: None)


def test_what_editors_leave_is_no_migration_and_ends_of_lines_are_no_change(
    package: Package,
) -> None:
    plain, other = package("plain", v0002_author=ADD_AUTHOR), package("other")
    folder = next(Path(place) / other for place in sys.path if (Path(place) / other).is_dir())
    (folder / "v0002_author.py").write_bytes(
        b"\xef\xbb\xbf" + ADD_AUTHOR.replace("\n", "\r\n").encode()
    )
    (folder / ".#v0003_next.py").symlink_to("ada@laptop.4711:1790000000")
    for name in ("._v0003_next.py", ".v0003_next.py.swp", "v0003_next.py~", "~$v0003_next.py"):
        (folder / name).write_bytes(b"\xff")
    assert discover_migrations(other).digest == discover_migrations(plain).digest
