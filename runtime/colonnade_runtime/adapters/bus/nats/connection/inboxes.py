"""Inboxes: subjects that answers come back to, and the reply subjects that are answered at all.

The names are random, not counted: whoever has answered one question of a process must not be
able to guess where the answer to its next one is waited for.
"""

import secrets
from dataclasses import dataclass

from nats.aio.msg import Msg

from colonnade_runtime.adapters.bus.nats.connection.client_library import TolerantClient
from colonnade_runtime.adapters.bus.nats.connection.subjects import token

INBOXES = "_INBOX."
_ACKNOWLEDGEMENTS = "$JS.ACK."


def inbox_prefix(process: str) -> str:
    """Prefix of the subjects that answers to a process go to."""
    return f"{INBOXES}{token(process)}"


def random_token() -> str:
    """One token of a subject that nobody guesses: 128 bits."""
    return secrets.token_urlsafe(16)


@dataclass
class GuardedMessage(Msg):
    """A message whose reply subject is forgotten unless it is one that may be answered.

    The asker chooses that subject, and it is we who publish to it, with our permissions: without
    this, a question that is to be answered at `evt.payment.…` would make an event of the answer.
    """

    def __post_init__(self) -> None:
        if not self.reply.startswith(INBOXES) and not self._is_delivery():
            self.reply = ""

    def _is_delivery(self) -> bool:
        client = self._client
        pulling = isinstance(client, GuardedClient) and self._sid in client.pulling
        return pulling and self.reply.startswith(_ACKNOWLEDGEMENTS)


class GuardedClient(TolerantClient):
    """A client that answers at inboxes alone, and acknowledges what `pulling` brings."""

    msg_class = GuardedMessage

    def __init__(self) -> None:
        super().__init__()
        self.pulling: set[int] = set()
