"""The control store: what a service keeps outside any tenant.

The work index (which tenants have something left to do), leases with fencing tokens, which
tenants were provisioned at which schema, and dead letters that name no tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from colonnade.errors import Conflict
from colonnade.store import Session
from colonnade.tables import StoreFact


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something alone until `expires_at`.

    `token` grows with every change of owner; a write that carries an older one than the store
    has seen is refused by `fence`.
    """

    name: str
    owner: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ProvisionedTenant:
    """A tenant whose store has been provisioned, and the schema it is at."""

    tenant: str
    schema_version: int
    provisioned_at: datetime


@dataclass(frozen=True, slots=True)
class TenantlessDeadLetter:
    """Dead letter of bytes that came from the bus and named no tenant known here."""

    id: UUID
    source: str
    payload: bytes
    error: str
    created_at: datetime


class ControlStore(Protocol):
    """One service's control store. Every method raises `Unavailable` when it cannot be used."""

    async def tenants_with_work(self) -> list[str]:
        """The tenants in the work index, in order."""
        ...

    async def ensure_work(self, tenant: str) -> None:
        """Name `tenant` in the work index durably; free when it is."""
        ...

    async def start_sweep(self, tenant: str) -> int:
        """A mark for `forget_work`, to be taken before looking for work."""
        ...

    async def forget_work(self, tenant: str, mark: int) -> bool:
        """Remove `tenant` from the work index after a sweep that found nothing.

        False, and nothing happens, when a commit has been or is under way since `mark`.
        """
        ...

    async def acquire_lease(self, name: str, owner: str, seconds: float) -> Lease | None:
        """The lease, if it is free, expired or already `owner`'s; else nothing."""
        ...

    async def renew_lease(self, lease: Lease, seconds: float) -> Lease | None:
        """The lease for longer; nothing when somebody else has taken it since."""
        ...

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back; a lease that was lost stays with its new owner."""
        ...

    async def note_provisioned(self, tenant: str, schema_version: int) -> None:
        """Remember that a tenant's store is provisioned and at this schema."""
        ...

    async def provisioned(self) -> list[ProvisionedTenant]:
        """Every provisioned tenant, in order."""
        ...

    async def keep_dead_letter(self, source: str, payload: bytes, error: str) -> UUID:
        """Keep what could not be given to any tenant."""
        ...

    async def dead_letters(self, *, limit: int = 100) -> Sequence[TenantlessDeadLetter]:
        """The oldest tenantless dead letters."""
        ...

    async def discard_dead_letter(self, identifier: UUID) -> bool:
        """Remove one; False when it is not there."""
        ...

    async def close(self) -> None:
        """Let go of handles."""
        ...


class LeaseLost(Conflict):
    """A lease is not, or no longer, held by the process that acts on it; nothing was changed."""


def fence(session: Session, lease: Lease) -> None:
    """Refuse this transaction if a later owner of the lease has already written here.

    Call it in the same unit of work as what the lease protects.

    Raises:
        LeaseLost: the lease has moved on.
    """
    name = fence_name(lease)
    fact = session.get(StoreFact, name)
    if fact is None:
        session.add(StoreFact(name=name, value=str(lease.token)))
        return
    if int(fact.value) > lease.token:
        raise LeaseLost(f"'{lease.name}' has another owner by now; {lease.owner} stops.")
    if int(fact.value) < lease.token:
        fact.value = str(lease.token)


def fence_name(lease: Lease) -> str:
    """Name of the fact that keeps the newest token of a lease's owners."""
    return f"fence:{lease.name}"
