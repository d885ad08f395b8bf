"""What `colonnade up` does with replicas that end, stand still and are restarted: the real
supervisor and real signals, with small programs in place of the processes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from supervised_platform import declared

from colonnade_runtime.cli.status import _standing, problems_of
from colonnade_runtime.process.socket_file import AlreadyRuns
from colonnade_runtime.serve.supervision.roster import SupervisedProcesses, roster, watched

STAND_INS = Path(__file__).parent / "support" / "stand_in_processes.py"
LIMIT = 90.0

pytestmark = pytest.mark.slow


class Up:
    """A running supervisor of people, people-2 and gateway."""

    def __init__(self, root: Path, ready_seconds: float) -> None:
        self.root = root
        self._log = root / "log"
        with self._log.open("wb") as log:
            command = [sys.executable, str(STAND_INS), str(root), str(ready_seconds)]
            self.process = subprocess.Popen(command, cwd=root, stdout=log, stderr=log)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def pid_of(self, name: str) -> int:
        found = self.roster.children[name]
        assert found is not None
        return found

    @property
    def roster(self) -> SupervisedProcesses:
        found = watched(self.root)
        assert found is not None, self.said
        return found

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, self.said
            time.sleep(0.02)

    def until_said(self, text: str, times: int = 1) -> None:
        self.until(lambda: len(re.findall(text, self.said)) >= times)

    def restart(self) -> None:
        os.kill(self.process.pid, signal.SIGUSR1)


@contextmanager
def running(root: Path, *, ready_seconds: float = 60.0) -> Iterator[Up]:
    up = Up(
        declared(root, "nats://127.0.0.1:1", heartbeat="30s, start: 10s", replicas=2), ready_seconds
    )
    try:
        for name in ("people", "people-2", "gateway"):
            up.until_said(rf"\| {name} is ready")
        yield up
    finally:
        up.process.terminate()
        up.process.wait(60)


def test_the_last_replica_that_is_ready_is_not_stopped_before_the_other_is(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        late = tmp_path / "people-2.late"
        late.touch()
        kept = up.pid_of("people")
        os.kill(up.pid_of("people-2"), signal.SIGKILL)
        up.until_said(r"people-2 \| ended with -9")
        up.restart()
        up.until_said(r"people   \| is restarted when people-2 is ready")
        up.restart()
        up.until_said(r"gateway  \| a restart is under way already")
        assert up.pid_of("people") == kept
        late.unlink()
        up.until_said("all processes were restarted")
        assert up.pid_of("people") != kept
    before, _, after = up.said.partition("is restarted when")
    assert "| is restarted\n" not in before
    assert after.index("people-2 is ready:") < after.index("people   | is restarted\n")


def test_a_restart_is_given_up_when_nobody_would_answer_meanwhile(tmp_path: Path) -> None:
    with running(tmp_path, ready_seconds=2) as up:
        (tmp_path / "people-2.late").touch()
        kept = up.pid_of("people")
        os.kill(up.pid_of("people-2"), signal.SIGKILL)
        up.until_said(r"people-2 \| ended with -9")
        up.restart()
        up.until_said("people   . is not restarted, for people-2 is not ready within 2 s")
        assert up.pid_of("people") == kept
        # It is over: the next one begins anew.
        (tmp_path / "people-2.late").unlink()
        up.until_said(r"\| people-2 is ready", 2)
        up.restart()
        up.until_said("all processes were restarted")
        assert up.pid_of("people") != kept


def test_a_crash_is_told_and_waited_after_also_when_a_restart_met_a_dead_child(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as up:
        for times in (1, 2):
            os.kill(up.pid_of("people"), signal.SIGKILL)
            up.until_said(r"people   \| ended with -9; started again in", times)
            up.restart()
            up.until_said("all processes were restarted", times)
        killed = up.pid_of("people")
        os.kill(killed, signal.SIGKILL)
        up.until_said(r"people   \| ended with -9; started again in", 3)
        up.until_said(r"\| people is ready", 4)
    assert up.process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell which process is paused")
def test_a_child_that_stands_still_before_its_first_beat_is_named_and_ended(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as up:
        paused = tmp_path / "people-2.paused"
        paused.touch()
        os.kill(up.pid_of("people-2"), signal.SIGKILL)
        up.until_said(r"people-2 \| ended with -9")
        up.until(lambda: up.roster.children["people-2"])
        pid = up.pid_of("people-2")
        up.until(lambda: _standing(tmp_path, "people-2", up.roster)["state"] == "stands still")
        [problem] = problems_of([_standing(tmp_path, "people-2", up.roster)])
        assert f"people-2 stands still: process {pid} is paused" in problem
        assert "colonnade run" not in problem
        paused.unlink()
        up.until_said(r"people-2 \| shows no life for 10 s since its start and is killed")
        up.until_said(r"\| people-2 is ready", 2)
        assert up.pid_of("people-2") != pid


def test_a_second_up_is_refused_and_what_a_dead_one_left_means_nothing(tmp_path: Path) -> None:
    with roster(tmp_path) as mine:
        mine.note("people", 4711)
        mine.note("people-2", None)
        assert watched(tmp_path) == SupervisedProcesses(
            os.getpid(), {"people": 4711, "people-2": None}
        )
        with pytest.raises(AlreadyRuns, match="another 'colonnade up' has"), roster(tmp_path):
            pass
        dead = _standing(tmp_path, "people-2", watched(tmp_path))
        [problem] = problems_of([dead])
        assert f"does not run: colonnade up (process {os.getpid()}) starts it again" in problem
    assert watched(tmp_path) is None
