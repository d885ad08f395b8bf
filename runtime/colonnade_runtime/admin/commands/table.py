"""Every command that the admin socket knows. A new family is a line here."""

from colonnade_runtime.admin.commands import ask, dead_letters, outbox, sagas, status
from colonnade_runtime.admin.commands.registry import AdminCommands

COMMANDS = AdminCommands(
    [
        *status.COMMANDS,
        *ask.COMMANDS,
        *outbox.COMMANDS,
        *dead_letters.COMMANDS,
        *sagas.COMMANDS,
    ]
)
