"""Command line for plugins: their commands ask operations as the operator.

    @click.command()
    @click.option("--tenant", required=True)
    @click.pass_obj
    def archive(line: CommandLine, tenant: str) -> None:
        with line.platform() as platform:
            platform.ask(tenant, ArchiveQuizzes())

The command runs in a process of its own. What it asks goes through the same policies as
everybody's, as the principal `service:operator`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from colonnade.context import Principal
from colonnade.messages import Message, Request

ResponseT = TypeVar("ResponseT", bound=Message)

OPERATOR = Principal.service("operator")
"""Principal of the command line; policies say what it may do, like anybody's rights."""


class PlatformClient(Protocol):
    """Asks operations of any service of a platform, and waits for the answers. Not thread-safe."""

    def ask(
        self, tenant: str, request: Request[ResponseT], *, deadline: float | None = None
    ) -> ResponseT:
        """The answer to `request` in the academy `tenant`.

        `deadline` is in seconds; without it the operation's own holds.

        Raises:
            ColonnadeError: of the class that the operation declares; `Unavailable` when it did
                not happen, `DeadlineExceeded` when it may have.
        """
        ...

    def upload(
        self, tenant: str, request: Request[ResponseT], chunks: Iterable[bytes]
    ) -> ResponseT:
        """The answer to an operation that takes a stream; `chunks` may be of any size.

        Raises:
            ColonnadeError: as for `ask`.
        """
        ...


class CommandLine(Protocol):
    """The object of every click context (`@click.pass_obj`)."""

    def platform(self) -> AbstractContextManager[PlatformClient]:
        """The platform: the running one, else its services are started in this process, without
        an HTTP listener, for the block.

        Raises:
            ConfigurationError: when nothing runs and what is declared cannot run.
        """
        ...


__all__: Sequence[str] = ["OPERATOR", "CommandLine", "PlatformClient"]
