"""What one service gave up beside events, in the stores of its tenants."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from colonnade.context import use_context
from colonnade.dead_letters import DeadLetter, DeadLetterSource
from colonnade.store import Session, SqlStore
from colonnade_runtime.background.acting.actor import Actor

_STORE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ServiceDeadLetter:
    """Something given up, and where it is kept."""

    tenant: str
    source: DeadLetterSource
    letter: DeadLetter


class ServiceDeadLetters:
    """Asks a service's own sources of dead letters, in the context of a tenant."""

    def __init__(self, sources: Sequence[DeadLetterSource], store: SqlStore, actor: Actor) -> None:
        self._sources = sources
        self._store = store
        self._actor = actor

    def count(self, session: Session) -> int:
        """How much waits in one tenant's store."""
        return sum(source.count(session) for source in self._sources)

    async def waiting(self, tenant: str, *, limit: int) -> list[ServiceDeadLetter]:
        """The oldest `limit` of each source."""

        def work(session: Session) -> list[ServiceDeadLetter]:
            return [
                ServiceDeadLetter(tenant, source, lost)
                for source in self._sources
                for lost in source.oldest(session, limit)
            ]

        with use_context(self._actor.context(tenant, seconds=_STORE_SECONDS)):
            return await self._store.read(work)

    async def find(self, tenant: str, identifier: UUID) -> ServiceDeadLetter | None:
        """One of them."""

        def work(session: Session) -> ServiceDeadLetter | None:
            for source in self._sources:
                lost = source.find(session, identifier)
                if lost is not None:
                    return ServiceDeadLetter(tenant, source, lost)
            return None

        with use_context(self._actor.context(tenant, seconds=_STORE_SECONDS)):
            return await self._store.read(work)

    async def replay(self, letter: ServiceDeadLetter) -> None:
        """Have it done once more.

        Raises:
            Conflict: it does not wait any more.
        """
        with use_context(self._actor.context(letter.tenant, seconds=_STORE_SECONDS)):
            await self._store.run(lambda session: letter.source.replay(session, letter.letter.id))

    async def discard(self, letter: ServiceDeadLetter) -> None:
        """Count it as done.

        Raises:
            Conflict: it does not wait any more.
        """
        with use_context(self._actor.context(letter.tenant, seconds=_STORE_SECONDS)):
            await self._store.run(lambda session: letter.source.discard(session, letter.letter.id))
