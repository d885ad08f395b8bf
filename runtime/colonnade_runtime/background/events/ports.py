"""Ports of the event machinery: what it needs of the rest of the runtime."""

from typing import Protocol
from uuid import UUID

from colonnade.rows.row_tracking import ANY_TABLE, Left

ANYTHING: Left = frozenset({ANY_TABLE})
"""Left behind by commits of which nobody knows more."""


class WorkIndex(Protocol):
    """The part of a control store that names the tenants with pending work."""

    async def tenants_with_work(self) -> list[str]:
        """Every tenant named now."""
        ...

    async def start_sweep(self, tenant: str) -> int:
        """A mark for `forget_work`, taken before looking for work."""
        ...

    async def forget_work(self, tenant: str, mark: int) -> bool:
        """Name `tenant` no longer, unless a commit left work since `mark`."""
        ...


class TenantlessDeadLetters(Protocol):
    """The part of a control store that keeps events of no tenant that is known here."""

    async def keep_dead_letter(self, source: str, payload: bytes, error: str) -> UUID:
        """Keep `payload` durably and answer the letter's id."""
        ...


class Sweepable(Protocol):
    """A part of the runtime that works off rows of a tenant's store, in `table`."""

    table: str

    def wake(self, tenant: str, left: Left = ANYTHING) -> None:
        """Look soon at the tenant's rows that `left` names. Called in the event loop's thread."""
        ...

    async def has_work(self, tenant: str) -> bool:
        """Tell whether rows are pending, or being worked on, for the tenant."""
        ...
