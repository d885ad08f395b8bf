"""Dead letters of a service's own: work that it gave up beside events, for operators to see.

Events that a reaction could not handle are kept, listed and replayed by the platform. What else a
service tries and gives up, such as a message to a person, it keeps itself; by the hook
`dead_letters` it shows up beside them, under `colonnade deadletters` and in the metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from colonnade.store import Session


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Work that a service gave up.

    `type` says what it was, `error` why it failed last, both in words for an operator. `details`
    is what else helps, as JSON has it; it is shown and logged, so nothing personal belongs there.
    """

    id: UUID
    type: str
    error: str
    attempts: int
    created_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


class DeadLetterSource(Protocol):
    """Store of a service's own dead letters.

    Each method is a unit of work in the store of one tenant: plain, without awaiting anything,
    and repeated when the transaction is.
    """

    name: str
    """Name of what is kept here, in one word: `<service>:<name>` is shown as the consumer."""

    def count(self, session: Session) -> int:
        """Count the dead letters that wait."""
        ...

    def oldest(self, session: Session, limit: int) -> Sequence[DeadLetter]:
        """List the oldest `limit` dead letters that wait."""
        ...

    def find(self, session: Session, identifier: UUID) -> DeadLetter | None:
        """Find one that waits; nothing when there is none of this id."""
        ...

    def replay(self, session: Session, identifier: UUID) -> None:
        """Replay it with fresh attempts; it no longer waits then.

        Raises:
            Conflict: it does not wait any more.
        """
        ...

    def discard(self, session: Session, identifier: UUID) -> None:
        """Count it as done; it no longer waits then.

        Raises:
            Conflict: it does not wait any more.
        """
        ...


__all__ = ["DeadLetter", "DeadLetterSource"]
