"""`colonnade migrate`: stores are brought up to date while the platform is stopped."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from colonnade_runtime.adapters.disk.folder_lock import FolderLocks
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import TenantSchema
from colonnade_runtime.cli import main
from colonnade_runtime.process.socket_file import claimed
from colonnade_user import plugin

ROOT = Path(__file__).parents[3]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The demo platform whose academy acme has a user store, and globex none."""
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    files = ServiceFiles(tmp_path / "var/data", "user")
    TenantSchema(files, plugin.stores()).copy_template(files.of_tenant("acme"))
    return tmp_path


def store(site: Path) -> Path:
    return site / "var/data/acme/user.sqlite3"


def changed(site: Path, statement: str) -> None:
    with closing(sqlite3.connect(store(site))) as connection:
        connection.execute(statement)
        connection.commit()


def made_older(site: Path) -> None:
    """As the release before the last migration left it, which adds two columns."""
    changed(site, "ALTER TABLE sessions DROP COLUMN succession")
    changed(site, "ALTER TABLE sessions DROP COLUMN exchanged_from")
    changed(site, "UPDATE colonnade_meta SET value = value - 1 WHERE name = 'service_version'")


def migrate(site: Path, *options: str) -> Result:
    arguments = ["--platform", str(site / "platform.yaml"), "migrate", *options]
    return CliRunner().invoke(main, arguments)


def states(result: Result) -> dict[tuple[str, str], str]:
    return {(row["tenant"], row["service"]): row["state"] for row in json.loads(result.stdout)}


def test_what_is_current_or_not_made_yet_is_fine(site: Path) -> None:
    result = migrate(site, "--check", "--format", "json")
    assert result.exit_code == 0, result.output
    found = states(result)
    assert found["acme", "user"] == "current"
    assert set(found.values()) == {"current", "new"}
    assert not (site / "var/data/globex").exists()


def test_an_older_store_is_named_by_check_and_brought_up_to_date(site: Path) -> None:
    made_older(site)
    before = store(site).read_bytes()
    checked = migrate(site, "--check")
    assert checked.exit_code == 1
    assert "acme" in checked.stdout
    assert "outdated" in checked.stdout
    assert store(site).read_bytes() == before
    done = migrate(site)
    assert done.exit_code == 0, done.output
    assert migrate(site, "--check").exit_code == 0


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("newer", "Run the newer release, or restore an older backup."),
        ("damaged", "restore it from a backup"),
    ],
)
def test_a_store_that_cannot_be_is_said_why(site: Path, damage: str, sentence: str) -> None:
    if damage == "newer":
        changed(site, "UPDATE colonnade_meta SET value = 99 WHERE name = 'service_version'")
    else:
        store(site).write_bytes(b"no database" * 500)
    for options in ((), ("--check",)):
        result = migrate(site, *options)
        assert result.exit_code == 1
        assert sentence in result.stdout


@pytest.mark.parametrize("options", [(), ("--check",)])
def test_a_store_that_is_damaged_in_the_middle_is_named(
    site: Path, options: tuple[str, ...]
) -> None:
    data = bytearray(store(site).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = Random(1).randbytes(len(data[middle : middle + 40_000]))
    store(site).write_bytes(data)
    result = migrate(site, *options)
    assert result.exit_code == 1
    assert "acme/user.sqlite3 is damaged and cannot be read" in " ".join(result.stdout.split())
    assert store(site).read_bytes() == data


def test_a_running_platform_is_left_alone_and_may_be_looked_at(site: Path) -> None:
    made_older(site)
    with claimed(site, "main", "colonnade run") as listener:
        listener.listen()
        refused = migrate(site)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "The platform runs (colonnade run (process" in refused.stderr
        assert "outdated" in migrate(site, "--check").stdout


def test_a_process_that_has_the_files_keeps_the_command_away(site: Path) -> None:
    made_older(site)
    locks = FolderLocks(site / "var/data", shared=True)
    locks.acquire(["course"])
    try:
        refused = migrate(site)
        assert refused.exit_code == 1
        assert "stop it first" in refused.stderr
    finally:
        locks.release()
    assert migrate(site).exit_code == 0
