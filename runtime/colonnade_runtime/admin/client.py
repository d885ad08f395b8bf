"""The client of the admin socket. It blocks, as commands of a command line do."""

import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import msgspec

from colonnade.errors import (
    ColonnadeError,
    ConfigurationError,
    DeadlineExceeded,
    InvalidRequest,
)
from colonnade.messages import Message, Request
from colonnade.operations import Operation, operation_of
from colonnade_runtime.admin.protocol import (
    CHUNK,
    MAXIMUM_LINE,
    Call,
    Chunk,
    Reply,
    line_of,
    read_line,
)
from colonnade_runtime.process.socket_file import address_of

ResponseT = TypeVar("ResponseT", bound=Message)

GRACE = 5.0
"""Seconds that an answer may come after the deadline that the server was told."""


class NotRunning(ConfigurationError):
    """Error: no process listens on the admin socket."""

    code = "not_running"
    title = "The platform does not run"


class NoAnswer(DeadlineExceeded):
    """The process took a call and says nothing: whatever answers in it does not run."""


class AdminClient:
    """One connection to a running process; a `PlatformClient` and the commands by name."""

    def __init__(self, path: Path) -> None:
        """Connect to the socket at `path`.

        Raises:
            NotRunning: nobody listens there.
            ConfigurationError: this account may not connect, or the path is too long.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(GRACE)
            self._socket.connect(address_of(path))
        except (FileNotFoundError, ConnectionRefusedError):
            self._socket.close()
            raise NotRunning("The platform does not run.") from None
        except OSError as error:
            self._socket.close()
            raise ConfigurationError(f"Cannot connect to {path}: {error.strerror}.") from None
        except BaseException:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()

    def run(
        self,
        command: str,
        arguments: dict[str, Any],
        *,
        seconds: float = 30.0,
        tell: Callable[[int, int], None] | None = None,
    ) -> Any:
        """Run the command `command` and return its answer as plain data.

        `tell` is called with how far it is: parts done, parts in all.

        Raises:
            ColonnadeError: as the command says; `DeadlineExceeded` when it may have happened.
        """
        reply = self._call(Call(command, _raw(arguments), seconds), tell=tell)
        return msgspec.json.decode(_answer(reply, ()))

    def ask(
        self, tenant: str, request: Request[ResponseT], *, deadline: float | None = None
    ) -> ResponseT:
        """Ask an operation as the operator; see `PlatformClient`."""
        return self._ask(tenant, request, deadline, None)

    def upload(
        self, tenant: str, request: Request[ResponseT], chunks: Iterable[bytes]
    ) -> ResponseT:
        """Ask an operation that takes a stream; see `PlatformClient`."""
        return self._ask(tenant, request, None, chunks)

    def _ask(
        self,
        tenant: str,
        request: Request[ResponseT],
        deadline: float | None,
        chunks: Iterable[bytes] | None,
    ) -> ResponseT:
        operation = operation_of(type(request))
        seconds = operation.deadline if deadline is None else min(deadline, operation.deadline)
        arguments = {
            "tenant": tenant,
            "subject": operation.subject,
            "request": msgspec.Raw(request.encode()),
        }
        call = Call("ask", _raw(arguments), seconds, stream=chunks is not None)
        answer = _answer(self._call(call, chunks), operation.errors)
        return cast("ResponseT", _decoded(operation, bytes(answer)))

    def _call(
        self,
        call: Call,
        chunks: Iterable[bytes] | None = None,
        tell: Callable[[int, int], None] | None = None,
    ) -> Reply:
        try:
            self._socket.settimeout(call.seconds + GRACE)
            self._send(call)
            for part in _parts(chunks) if chunks is not None else ():
                self._send(part)
            return self._reply(tell)
        except TimeoutError:
            self._socket.close()
            late = "The platform did not answer in time; what was asked may have happened."
            raise NoAnswer(late) from None
        except OSError:
            self._socket.close()
            raise _hung_up() from None
        except BaseException:
            # What was half sent cannot be taken back: the next call needs another connection.
            self._socket.close()
            raise

    def _send(self, message: Call | Chunk) -> None:
        line = line_of(message)
        if len(line) > MAXIMUM_LINE:
            raise InvalidRequest(f"A call may have {MAXIMUM_LINE} bytes at most.")
        self._socket.sendall(line)

    def _reply(self, tell: Callable[[int, int], None] | None) -> Reply:
        while True:
            line = self._lines.readline()
            if not line.endswith(b"\n"):
                raise _hung_up()
            reply = read_line(line, Reply)
            if reply.progress is None:
                return reply
            if tell is not None:
                tell(reply.progress.done, reply.progress.total)


def _parts(chunks: Iterable[bytes]) -> Iterator[Chunk]:
    for chunk in chunks:
        for start in range(0, len(chunk), CHUNK):
            yield Chunk(chunk[start : start + CHUNK])
    yield Chunk(last=True)


def _answer(reply: Reply, declared: Iterable[type[ColonnadeError]]) -> msgspec.Raw:
    if reply.error is not None:
        raise reply.error.rebuild(declared)
    return reply.answer


def _decoded(operation: Operation, answer: bytes) -> Message:
    try:
        return operation.response.decode(answer)
    except ValueError as error:
        raise InvalidRequest(
            f"The running platform answers {operation.name} in another form than this command "
            f"line knows: start it again. ({error})"
        ) from None


def _raw(arguments: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(arguments))


def _hung_up() -> DeadlineExceeded:
    return DeadlineExceeded(
        "The platform hung up before it answered; its log says why. What was asked may have "
        "happened."
    )
