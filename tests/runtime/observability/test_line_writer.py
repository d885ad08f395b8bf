"""The bounded writer: order, room, and streams that take nothing."""

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from colonnade_runtime.observability import line_writer
from colonnade_runtime.observability.line_writer import LineWriter

WAIT = 10.0

Make = Callable[..., LineWriter]


def becomes(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.005)
    return condition()


@pytest.fixture
def made() -> Iterator[Make]:
    """Makes writers that are closed after the test, before their descriptors are others'."""
    writers: list[LineWriter] = []

    def make(descriptor: int, **bounds: int) -> LineWriter:
        writers.append(LineWriter(os.dup(descriptor), **bounds))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close(0.1)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for each in (reading, writing):
        try:
            os.close(each)
        except OSError as error:
            assert error.errno == errno.EBADF


def filled(writer: LineWriter, lines: int, text: str = "x" * 99 + "\n") -> float:
    """How many seconds it took to hand over that many lines."""
    before = time.monotonic()
    for _ in range(lines):
        writer.write(text)
    return time.monotonic() - before


def test_lines_keep_their_order(made: Make, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        writer = made(file.fileno())
        for number in range(5_000):
            writer.write(f"{number}\n")
        assert writer.drain(WAIT)
    assert (tmp_path / "log").read_text().split() == [str(each) for each in range(5_000)]
    assert writer.counts.written == 5_000


def test_a_pipe_that_nobody_reads_costs_lines_and_no_time(
    made: Make, pipe: tuple[int, int]
) -> None:
    reading, writing = pipe
    writer = made(writing, maximum_lines=1_000)
    assert filled(writer, 50_000) < 5
    assert not writer.drain(0.01)
    lost = writer.counts.overflowed
    assert lost > 40_000
    read = b""
    while b"lost" not in read or read.count(b"\n") < 50_001 - lost:
        read += os.read(reading, 65536)
    shown = [line for line in read.decode().splitlines() if "lost" not in line]
    assert len(shown) == 50_000 - lost
    assert f"{lost} log lines were lost here" in read.decode()


def test_room_is_bounded_in_bytes_too(made: Make, pipe: tuple[int, int]) -> None:
    writer = made(pipe[1], maximum_bytes=1_000_000)
    filled(writer, 5_000, "y" * 999 + "\n")
    assert 3_700 < writer.counts.overflowed < 4_100


def test_who_writes_much_leaves_room_to_others(made: Make, pipe: tuple[int, int]) -> None:
    writer = made(pipe[1], maximum_lines=1_000)
    filled(writer, 700)
    for _ in range(1_000):
        writer.defer(1, 100, lambda: "access\n", share=0.5)
    lost = writer.counts.overflowed
    writer.write("an error\n")
    assert lost
    assert writer.counts.overflowed == lost


def test_a_reader_that_is_gone_raises_nothing(made: Make, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    writer = made(writing)
    filled(writer, 100)
    assert writer.drain(WAIT)
    assert writer.counts.refused == 100


def test_a_full_disk_raises_nothing_and_the_loss_is_told_once_it_has_room(
    made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(line_writer, "RETRY_SECONDS", 0.05)
    full = os.open("/dev/full", os.O_WRONLY)
    writer = made(full)
    filled(writer, 100)
    assert writer.drain(WAIT)
    assert writer.counts.refused == 100
    log = tmp_path / "log"
    with log.open("wb") as file:
        os.dup2(file.fileno(), writer.descriptor)
    # Nobody writes another line: what is missing is said all the same.
    assert becomes(lambda: "100 log lines were lost" in log.read_text())
    writer.write("again\n")
    assert writer.drain(WAIT)
    assert log.read_text().splitlines()[1:] == ["again"]
    os.close(full)


def test_a_line_that_was_cut_off_does_not_run_into_the_next(
    made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write, room = os.write, [3]

    def small(descriptor: int, data: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = write(descriptor, data[: room[0]])
        room[0] -= count
        return count

    with (tmp_path / "log").open("wb") as file:
        writer = made(file.fileno())
        monkeypatch.setattr(os, "write", small)
        writer.write("first\n")
        assert writer.drain(WAIT)
        room[0] = 1_000
        writer.write("second\n")
        assert writer.drain(WAIT)
        assert becomes(lambda: "lost" in (tmp_path / "log").read_text())
    assert (tmp_path / "log").read_text().splitlines()[:2] == ["fir", "second"]


def test_a_descriptor_that_does_not_block_is_waited_for(made: Make, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.set_blocking(writing, False)
    writer = made(writing)
    filled(writer, 2_000)
    read = b""
    while read.count(b"\n") < 2_000:
        read += os.read(reading, 65536)
    assert writer.drain(WAIT)
    assert writer.counts.lost == 0


def test_what_cannot_be_rendered_is_a_line_without_its_values(made: Make, tmp_path: Path) -> None:
    def broken() -> str:
        raise ValueError("hunter2")

    with (tmp_path / "log").open("wb") as file:
        writer = made(file.fileno())
        writer.defer(1, 10, broken)
        writer.write("half a pair: \ud83d\n")
        assert writer.drain(WAIT)
    assert (tmp_path / "log").read_text().splitlines() == [
        "a line cannot be shown (ValueError)",
        "half a pair: \\ud83d",
    ]


def test_the_loss_is_described_as_it_is_told_to(made: Make, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = made(writing, maximum_lines=10)
    writer.describe_loss = lambda lines: json.dumps({"lines": lines}) + "\n"
    filled(writer, 2_000)
    read = b""
    while b"{" not in read:
        read += os.read(reading, 65536)
    assert json.loads(read.decode().splitlines()[-1]) == {"lines": writer.counts.overflowed}


def test_many_threads_write_whole_lines(made: Make, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        writer = made(file.fileno())
        threads = [
            threading.Thread(target=filled, args=(writer, 500, f"{name * 50}\n")) for name in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.drain(WAIT)
    lines = (tmp_path / "log").read_text().split()
    assert sorted(lines) == sorted(name * 50 for name in "abcd" for _ in range(500))


def test_after_its_end_a_writer_loses_lines_and_touches_no_descriptor(
    made: Make, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("wb") as file:
        writer = made(file.fileno())
        writer.write("before\n")
        writer.close(WAIT)
        writer.write("after\n")
    assert (tmp_path / "log").read_text() == "before\n"
    assert writer.counts.overflowed == 1
