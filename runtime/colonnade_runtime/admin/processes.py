"""The client of a platform that runs in several processes: each command goes where it belongs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from colonnade.errors import NotFound
from colonnade.messages import Message, Request
from colonnade.operations import operation_of
from colonnade_runtime.admin.client import AdminClient, NotRunning
from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.process.socket_file import socket_path

ResponseT = TypeVar("ResponseT", bound=Message)


class ProcessesClient:
    """A connection to every replica that runs; a `PlatformClient` and the commands by name.

    A command about services goes to one replica of each process, the one that does the service's
    background work where there is one.
    """

    def __init__(self, root: Path, places: Sequence[Placement]) -> None:
        """Connect to those of `places` that run.

        Raises:
            NotRunning: none does.
        """
        self._stack = ExitStack()
        self._hosts: dict[str, str] = {
            service: place.process for place in places for service in place.services
        }
        self._replicas: dict[str, list[AdminClient]] = {place.process: [] for place in places}
        for place in places:
            try:
                client = AdminClient(socket_path(root, place.name))
            except NotRunning:
                continue
            self._replicas[place.process].append(self._stack.enter_context(client))
        if not any(self._replicas.values()):
            raise NotRunning("The platform does not run.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(
        self,
        command: str,
        arguments: dict[str, Any],
        *,
        seconds: float = 30.0,
        tell: Callable[[int, int], None] | None = None,
    ) -> Any:
        """Merge the answers of processes: lists into one, or the first that knows the one thing.

        Raises:
            NotRunning: a process that is needed for it does not run.
            ColonnadeError: as the command says.
        """
        rows: list[Any] = []
        missing: NotFound | None = None
        found = False
        for client in self._chosen(arguments.get("service")):
            try:
                answer = client.run(command, arguments, seconds=seconds, tell=tell)
            except NotFound as error:
                missing = error
                continue
            if not isinstance(answer, list):
                return answer
            found = True
            rows += answer
        if missing is not None and not found:
            raise missing
        return rows

    def ask(
        self, tenant: str, request: Request[ResponseT], *, deadline: float | None = None
    ) -> ResponseT:
        """Ask an operation as the operator; see `PlatformClient`."""
        return self._asked(request).ask(tenant, request, deadline=deadline)

    def upload(
        self, tenant: str, request: Request[ResponseT], chunks: Iterable[bytes]
    ) -> ResponseT:
        """Ask an operation that takes a stream; see `PlatformClient`."""
        return self._asked(request).upload(tenant, request, chunks)

    def _asked(self, request: Request[Any]) -> AdminClient:
        return self._running(self._process_of(operation_of(type(request)).service))[0]

    def _chosen(self, service: str | None) -> Iterator[AdminClient]:
        processes = self._replicas if service is None else (self._process_of(service),)
        for process in processes:
            running = self._running(process)
            yield running[0] if len(running) == 1 else _owner(running)

    def _process_of(self, service: str) -> str:
        process = self._hosts.get(service)
        if process is None:
            known = ", ".join(sorted(self._hosts))
            raise NotFound(f"There is no service '{service}' (there are: {known}).")
        return process

    def _running(self, process: str) -> list[AdminClient]:
        running = self._replicas[process]
        if not running:
            raise NotRunning(
                f"The process '{process}' does not run: colonnade run {process}. To leave it out,"
                " name another service with --service."
            )
        return running


def _owner(running: Sequence[AdminClient]) -> AdminClient:
    """The one of a process's replicas that does most of its services' background work."""

    def owned(client: AdminClient) -> int:
        services: Sequence[Mapping[str, Any]] = client.run("status", {})["services"]
        return sum(bool(each["owner"]) for each in services)

    return max(running, key=owned)
