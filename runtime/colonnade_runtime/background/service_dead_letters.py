"""Dead letters of a service's own, in the stores of its tenants."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from colonnade.dead_letters import DeadLetter, DeadLetterSource
from colonnade.store import Session
from colonnade_runtime.background.acting.acting_store import ActingStore


@dataclass(frozen=True, slots=True)
class ServiceDeadLetter:
    """A dead letter with the tenant and the source that keep it."""

    tenant: str
    source: DeadLetterSource
    letter: DeadLetter


class ServiceDeadLetters:
    """The sources of dead letters of one service, asked in the context of a tenant."""

    def __init__(self, sources: Sequence[DeadLetterSource], store: ActingStore) -> None:
        self._sources = sources
        self._store = store

    def count(self, session: Session) -> int:
        """Count those that wait in one tenant's store."""
        return sum(source.count(session) for source in self._sources)

    async def waiting(self, tenant: str, *, limit: int) -> list[ServiceDeadLetter]:
        """List the oldest `limit` of each source."""

        def work(session: Session) -> list[ServiceDeadLetter]:
            return [
                ServiceDeadLetter(tenant, source, letter)
                for source in self._sources
                for letter in source.oldest(session, limit)
            ]

        return await self._store.read(tenant, work)

    async def find(self, tenant: str, identifier: UUID) -> ServiceDeadLetter | None:
        """Find one by its id; nothing when no source has it."""

        def work(session: Session) -> ServiceDeadLetter | None:
            for source in self._sources:
                letter = source.find(session, identifier)
                if letter is not None:
                    return ServiceDeadLetter(tenant, source, letter)
            return None

        return await self._store.read(tenant, work)

    async def replay(self, dead: ServiceDeadLetter) -> None:
        """Tell the service to do its work once more.

        Raises:
            Conflict: it does not wait any more.
        """
        await self._store.run(
            dead.tenant, lambda session: dead.source.replay(session, dead.letter.id)
        )

    async def discard(self, dead: ServiceDeadLetter) -> None:
        """Count it as done.

        Raises:
            Conflict: it does not wait any more.
        """
        await self._store.run(
            dead.tenant, lambda session: dead.source.discard(session, dead.letter.id)
        )
