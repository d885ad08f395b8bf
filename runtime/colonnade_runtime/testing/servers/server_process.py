"""A server that runs for as long as a test needs it, in a folder of its own."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from colonnade_runtime.resilience.end_with_parent import end_with_parent
from colonnade_runtime.testing.servers.server_kinds import ServerKind

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class RunningServer:
    """One server process. It can be killed, stopped, started again and wiped, on one port.

    `more` is added to the command line of the kind.
    """

    kind: ServerKind
    program: Path
    folder: Path
    more: Sequence[str] = ()
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """URL at which it answers."""
        return self.kind.url.format(port=self.port)

    @property
    def data(self) -> Path:
        """Data folder of the server."""
        return self.folder / "data"

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            RuntimeError: when it ends at once or does not answer, with the end of its log.
        """
        for _ in range(3):
            self.port = self.port or free_port()
            self.data.mkdir(parents=True, exist_ok=True)
            self._process = self._spawn()
            if self._wait_until_ready():
                return
            if self._process.poll() is None:
                break
            # It ended by itself: somebody may have taken the port in between.
            self.port = 0
        self.kill()
        raise RuntimeError(f"{self.kind.program} did not start:\n{self.log()[-2000:]}")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without asking, as a power failure would."""
        self._end(signal.SIGKILL)

    def wipe(self) -> None:
        """Remove its data. Only while it does not run."""
        shutil.rmtree(self.data, ignore_errors=True)

    def log(self) -> str:
        """Output that it has written so far."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _spawn(self) -> "subprocess.Popen[bytes]":
        command = [str(self.program), *self.kind.arguments(self.port, self.data), *self.more]
        with (self.folder / "log").open("ab") as log:
            # A session of its own: Ctrl-C at the tests must not stop it under them.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one call of prctl, nothing more
            )

    def _wait_until_ready(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _answers(self) -> bool:
        if self.kind.health is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", self.kind.health)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.kill(process.pid, number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running_server(
    kind: ServerKind, program: Path, more: Sequence[str] = ()
) -> Iterator[RunningServer]:
    """A started server in a temporary folder; both are gone after the block."""
    with tempfile.TemporaryDirectory(prefix=f"colonnade-{kind.name}-") as folder:
        server = RunningServer(kind, program, Path(folder), more)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
