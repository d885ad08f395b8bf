"""Session cache: sessions that a process has seen live, corrected by the events it has heard.

It is in memory only: a process that has just started accepts no session during an outage.
"""

from dataclasses import dataclass
from uuid import UUID

from cachetools import FIFOCache

from colonnade.events import Event
from colonnade_user.api import (
    ResolvedSession,
    SessionEnded,
    UserDeleted,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
)

MAXIMUM_SESSIONS = 10_000
"""Sessions that are cached; the longest unseen are evicted."""

MAXIMUM_CHANGES = 10_000
"""Users and sessions whose changes are cached; the oldest are evicted. Evicted ones are not
accepted either: their change has removed them from the live sessions."""


@dataclass(frozen=True, slots=True)
class _Live:
    session: ResolvedSession
    at: float


class SessionCache:
    """Sessions that a process may accept while the user service cannot be asked.

    All times are of one monotonic clock, in seconds; ids are the tenant's.
    """

    def __init__(self) -> None:
        self._live: FIFOCache[tuple[str, UUID], _Live] = FIFOCache(MAXIMUM_SESSIONS)
        self._over: FIFOCache[tuple[str, UUID], bool] = FIFOCache(MAXIMUM_CHANGES)
        self._changes: FIFOCache[tuple[str, UUID], float] = FIFOCache(MAXIMUM_CHANGES)

    def store(self, tenant: str, session_id: UUID, resolved: ResolvedSession, at: float) -> None:
        """Store an answer that was asked for at `at`, unless the user changed since."""
        if self.changed_since(tenant, resolved.user_id, at):
            return
        self._live[tenant, session_id] = _Live(resolved, at)
        self._over.pop((tenant, session_id), None)
        self._over.pop((tenant, resolved.user_id), None)

    def forget(self, tenant: str, session_id: UUID) -> None:
        """Remove a session that has ended."""
        self._live.pop((tenant, session_id), None)

    def find(self, tenant: str, session_id: UUID, *, not_before: float) -> ResolvedSession | None:
        """Find a session that was resolved after `not_before`."""
        known = self._live.get((tenant, session_id))
        return known.session if known is not None and known.at > not_before else None

    def is_over(self, tenant: str, session_id: UUID, user_id: UUID) -> bool:
        """True if the end of the session, or of its user's access, was heard."""
        return (tenant, session_id) in self._over or (tenant, user_id) in self._over

    def changed_since(self, tenant: str, user_id: UUID, at: float) -> bool:
        """True if a change of this user was heard at `at` or later."""
        return self._changes.get((tenant, user_id), float("-inf")) >= at

    def apply(self, tenant: str, event: Event, at: float) -> UUID | None:
        """Apply an event; return the user it is about, or None for other events."""
        # The order matters: the activation of an account is a `UserStatusChanged` as well.
        match event:
            case SessionEnded(user_id=user_id, session_id=session_id):
                self.forget(tenant, session_id)
                self._end(tenant, session_id)
            case UserStatusChanged(user_id=user_id, status=UserStatus.ACTIVE):
                self._over.pop((tenant, user_id), None)
            case UserStatusChanged(user_id=user_id) | UserDeleted(user_id=user_id):
                for key in self._of(tenant, user_id):
                    del self._live[key]
                self._end(tenant, user_id)
            case UserRoleChanged(user_id=user_id, role=role):
                for key in self._of(tenant, user_id):
                    known = self._live[key]
                    changed = known.session.model_copy(update={"role": role})
                    self._live[key] = _Live(changed, known.at)
            case _:
                return None
        self._changes[tenant, user_id] = at
        return user_id

    def _of(self, tenant: str, user_id: UUID) -> list[tuple[str, UUID]]:
        return [
            key
            for key, known in self._live.items()
            if key[0] == tenant and known.session.user_id == user_id
        ]

    def _end(self, tenant: str, identifier: UUID) -> None:
        self._over[tenant, identifier] = True
