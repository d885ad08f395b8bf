"""Streams over a bounded writer, as the rest of the process sees them."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from colonnade_runtime.observability.line_writer import LineWriter
from colonnade_runtime.observability.output import LineStream

PROGRAM = """\
import os, sys, threading, warnings, logging
from colonnade_runtime.observability.output import take_over_output
take_over_output()
take_over_output()
print("printed")
sys.stderr.write("written\\n")
warnings.warn("warned")
logging.getLogger("library").error("logged")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
print("without an end", end="")
raise SystemExit("the last words")
"""


def test_everything_that_python_writes_comes_out_in_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    places = [
        done.stdout.index(text)
        for text in (
            "printed\n",
            "written\n",
            "UserWarning: warned",
            "logged\n",
            "ZeroDivisionError",
        )
    ]
    assert places == sorted(places)
    for last in ("without an end", "the last words"):
        assert last in done.stdout


def test_parts_become_a_line_and_a_flush_hands_on_what_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LineWriter(file.fileno())
        stream = LineStream(writer)
        print("a", "b", file=stream)
        print("c", end="", file=stream)
        assert writer.drain(5)
        assert path.read_text() == "a b\n"
        stream.flush()
        assert writer.drain(5)
        assert path.read_text() == "a b\nc"


def test_a_line_without_end_is_kept_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        writer = LineWriter(file.fileno())
        stream = LineStream(writer)
        for _ in range(100):
            stream.write("x" * 1_000)
        assert writer.drain(5)
        assert path.stat().st_size > 60_000


def test_libraries_find_a_stream_of_text(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        stream = LineStream(LineWriter(file.fileno()))
        with pytest.raises(TypeError):
            stream.write(b"bytes")  # type: ignore[arg-type]
        click.echo("echoed", file=stream)  # type: ignore[arg-type]
        assert stream.writer.drain(5)
    assert path.read_text() == "echoed\n"
