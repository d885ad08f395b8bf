"""`colonnade status` names the process that holds an academy's file."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from colonnade_runtime.cli import store_locks
from colonnade_runtime.cli.status import _locks
from colonnade_runtime.cli.store_locks import held_locks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux names the holder")

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO books VALUES ('half')")
print("holding", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for tenant in ("acme", "globex"):
        (tmp_path / "data" / tenant).mkdir(parents=True)
        made = sqlite3.connect(tmp_path / "data" / tenant / "course.sqlite3")
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE books (title)")
        made.close()
    return tmp_path / "data"


@pytest.fixture
def paused(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that was stopped by SIGSTOP in the middle of a write to acme."""
    command = [sys.executable, "-c", HOLDER, str(folder / "acme" / "course.sqlite3")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            yield holder
        finally:
            holder.kill()


def test_the_holder_of_a_file_is_found_until_it_ends(
    folder: Path, paused: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_locks, "HELD_SECONDS", 0.05)
    reader = sqlite3.connect(folder / "globex" / "course.sqlite3")
    reader.execute("SELECT * FROM books").fetchall()
    assert held_locks(folder) == [("acme/course.sqlite3", paused.pid)]
    paused.kill()
    paused.wait(30)
    assert held_locks(folder) == []
    reader.close()


def test_it_is_said_by_name_with_what_to_do(
    tmp_path: Path, folder: Path, paused: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_locks, "HELD_SECONDS", 0.05)
    (tmp_path / "var" / "run").mkdir(parents=True)
    lock = tmp_path / "var" / "run" / "web-1.lock"
    lock.write_text(f"colonnade run web (process {paused.pid})")
    [problem] = _locks(tmp_path, [folder])
    assert f"acme/course.sqlite3 is held for writing by web-1 (process {paused.pid})" in problem
    assert problem.endswith(f"kill -9 {paused.pid}")
