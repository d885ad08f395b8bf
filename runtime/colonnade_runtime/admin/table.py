"""Every command that the admin socket knows. A new family is a line here."""

from colonnade_runtime.admin import dead_letters, operations, outbox, sagas, standing
from colonnade_runtime.admin.commands import AdminCommands

COMMANDS = AdminCommands(
    [
        *standing.COMMANDS,
        *operations.COMMANDS,
        *outbox.COMMANDS,
        *dead_letters.COMMANDS,
        *sagas.COMMANDS,
    ]
)
