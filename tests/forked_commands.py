"""`colonnade` in processes that are forked from one which has imported everything.

`python -m colonnade_runtime` spends two seconds of a processor on imports before it reads a word
of the declaration, and tests start hundreds of them. Here only the first pays: Python's own fork
server holds the imported modules and does nothing else, so that each process begins as a fresh
one does, with a folder, an environment, outputs, signals and an end of its own. The program
itself is started by `tests/wheel` and by the tests of the README; the processes of an `up` are
forked by it, as they are for operators.
"""

import gc
import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from importlib import import_module
from multiprocessing import connection, reduction
from pathlib import Path
from typing import IO, Any

from colonnade_runtime.observability.output import drain_output

TESTS = Path(__file__).parent
PACKAGES = (
    "colonnade",
    "colonnade_runtime",
    "colonnade_user",
    "colonnade_course",
    "colonnade_content",
    "colonnade_payment",
    "colonnade_analytics",
    "colonnade_notification",
)
APART = {"testing", "migrations", "versions", "workers", "rendering", "__main__"}
"""Parts of the names of modules that no process imports as it starts."""

_forking = multiprocessing.get_context("forkserver")
_lock = threading.Lock()
"""A process that starts looks after all others, which may be waited for in other threads."""


class ForkedCommand:
    """A started `colonnade`, to be treated like a `subprocess.Popen`; it has no input.

    `stdout` and `stderr` are descriptors. `program` is Python that runs there before the command.
    """

    def __init__(
        self,
        *words: str,
        cwd: Path,
        stdout: int,
        stderr: int,
        env: Mapping[str, str] | None = None,
        program: str = "",
    ) -> None:
        environment = dict(os.environ if env is None else env)
        outputs = (_Inherited(stdout), _Inherited(stderr))
        arguments = (words, str(cwd), environment, outputs, program)
        self._process = _forking.Process(target=_command, args=arguments, daemon=True)
        with _lock:
            _forking.set_forkserver_preload(_preloaded())
            self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negative number of the signal that ended it; none before."""
        return self.poll()

    def poll(self) -> int | None:
        """Answer `returncode`."""
        with _lock:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and answer its exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        connection.wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("colonnade", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def run_command(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> "subprocess.CompletedProcess[str]":
    """Run `colonnade` to its end, and answer like `subprocess.run`.

    Raises:
        subprocess.TimeoutExpired: it took longer than `timeout` seconds, and was killed.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        command = ForkedCommand(
            *words, cwd=cwd, env=env, stdout=stdout.fileno(), stderr=stderr.fileno()
        )
        try:
            code = command.wait(timeout)
        finally:
            command.kill()
        return subprocess.CompletedProcess(words, code, _text(stdout), _text(stderr))


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode()


class _Inherited:
    """A descriptor of which the new process gets a copy."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self._descriptor),)


def _received(duplicate: Any) -> int:
    descriptor: int = duplicate.detach()
    return descriptor


def _command(
    words: tuple[str, ...],
    cwd: str,
    environment: Mapping[str, str],
    outputs: tuple[int, int],
    program: str,
) -> None:
    """The life of the new process."""
    # Otherwise its first collection looks at, and so copies, all that the fork server holds.
    gc.freeze()
    for standard, descriptor in zip((1, 2), outputs, strict=True):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    added = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [*added, *(each for each in sys.path if not _is_of_tests(each))]
    sys.argv = ["colonnade", *words]
    try:
        exec(program, {"__name__": "__main__"})
        import_module("colonnade_runtime.cli").main(prog_name="colonnade")
    finally:
        # A process that was forked ends without what `atexit` was told; this alone is.
        drain_output()


def _is_of_tests(folder: str) -> bool:
    """Whether a folder is on the path for tests alone."""
    return Path(folder) == TESTS.parent or Path(folder).is_relative_to(TESTS)


def _preloaded() -> list[str]:
    """What the fork server imports when it starts, and pytest: each process looks for its main."""
    return ["pytest", "colonnade_runtime.__main__", *_modules()]


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not APART & set(found.name.split(".")):
                yield found.name
