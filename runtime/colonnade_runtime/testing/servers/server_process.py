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
from functools import partial
from pathlib import Path
from typing import Any

from colonnade_runtime.resilience.end_with_parent import end_with_parent
from colonnade_runtime.testing.servers.accounts import Account, account_for, readable_by
from colonnade_runtime.testing.servers.server_kinds import ServerKind

PREPARING_SECONDS = 60.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_AGAIN_SECONDS = 0.3


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
    _account: Account | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._account = account_for(self.kind)
        if self._account is not None:
            self._account.own(self.folder)
            self.program = readable_by(self._account, self.program, self.kind, self.folder)

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
            self._prepare_data()
            arguments = self.kind.arguments(self.port, self.data)
            self._process = self._spawn([str(self.program), *arguments, *self.more])
            if self._wait_until_ready():
                return
            if self._process.poll() is None:
                break
            # It ended by itself: somebody may have taken the port in between, or children of one
            # that was killed are not at their end yet.
            if not _is_free(self.port):
                self.port = 0
            time.sleep(_AGAIN_SECONDS)
        self.kill()
        raise RuntimeError(f"{self.kind.program} did not start:\n{self.log()[-2000:]}")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(self.kind.stop_signal)

    def kill(self) -> None:
        """End it without asking, as a power failure would."""
        if not self._end(signal.SIGKILL):
            return
        # Children that it leaves behind may hold its port until they notice.
        deadline = time.monotonic() + STOP_SECONDS
        while self._listens() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def wipe(self) -> None:
        """Remove its data. Only while it does not run."""
        shutil.rmtree(self.data, ignore_errors=True)

    def log(self) -> str:
        """Output that it has written so far."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _prepare_data(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            self._account.own(self.data)
        if self.kind.preparing is None or any(self.data.iterdir()):
            return
        preparing = self._spawn(self.kind.preparing(self.program, self.data))
        try:
            status = preparing.wait(PREPARING_SECONDS)
        except subprocess.TimeoutExpired:
            preparing.kill()
            status = preparing.wait()
        if status != 0:
            self.wipe()
            raise RuntimeError(f"{self.kind.program} got no data folder:\n{self.log()[-2000:]}")

    def _spawn(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        account: dict[str, Any] = {} if self._account is None else self._account.for_child
        with (self.folder / "log").open("ab") as log:
            # A session of its own: Ctrl-C at the tests must not stop it under them.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                # One call of prctl, nothing more; it comes after the change of user.
                preexec_fn=partial(end_with_parent, self.kind.stop_signal),  # noqa: PLW1509
                **account,
            )

    def _wait_until_ready(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + self.kind.ready_seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _answers(self) -> bool:
        assert self._process is not None
        if self.kind.is_ready is not None:
            return self.kind.is_ready(self._process.pid, self.data)
        if self.kind.health is None:
            return self._listens()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", self.kind.health)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def _end(self, number: signal.Signals) -> bool:
        """Send a signal and wait; answers whether there was a process to send it to."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return False
        os.kill(process.pid, number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return True


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


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
