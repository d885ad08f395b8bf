"""Commands of the admin socket: each a row of a table, registered by name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colonnade.errors import NotFound
from colonnade_runtime.admin.platform import AdminPlatform
from colonnade_runtime.admin.protocol import Call, read_line


@dataclass(frozen=True, slots=True)
class AdminCall:
    """Context of a command, beside its arguments.

    `operator` is who called, for the audit. `chunks` are the bytes of a call with a stream.
    `tell` says how far the command is: parts done, parts in all.
    """

    platform: AdminPlatform
    operator: str
    seconds: float
    chunks: AsyncIterator[bytes] | None
    tell: Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AdminCommand:
    """One command: the model of its arguments, and what it does.

    `run(arguments, call)` answers what msgspec can write as JSON, or raises a `ColonnadeError`.
    """

    name: str
    arguments: type[Any]
    run: Callable[[Any, AdminCall], Awaitable[Any]]


class AdminCommands:
    """The commands by name."""

    def __init__(self, commands: Sequence[AdminCommand]) -> None:
        self._commands: Mapping[str, AdminCommand] = {row.name: row for row in commands}

    async def run(self, call: Call, context: AdminCall) -> Any:
        """The answer of the command that `call` names.

        Raises:
            NotFound: there is no such command.
            InvalidRequest: its arguments are of another form.
            ColonnadeError: as the command says.
        """
        command = self._commands.get(call.command)
        if command is None:
            raise NotFound(
                f"The running platform knows no command '{call.command}': it may be of another "
                "version than this command line; start it again."
            )
        arguments = read_line(bytes(call.arguments), command.arguments)
        return await command.run(arguments, context)
