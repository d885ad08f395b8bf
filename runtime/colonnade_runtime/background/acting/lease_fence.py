"""Fence of a lease: what a former holder still has under way does not commit."""

from collections.abc import Callable

from colonnade.control_store import Lease, LeaseLost, fence
from colonnade.store import Session


class LeaseFence:
    """Guard of the transactions that the lease protects; call it first in their unit of work.

    `lease` answers the lease while this process surely holds it.
    """

    def __init__(self, lease: Callable[[], Lease | None]) -> None:
        self._lease = lease

    @property
    def is_open(self) -> bool:
        """Tell whether this process holds the lease now."""
        return self._lease() is not None

    def __call__(self, session: Session) -> None:
        """Refuse this transaction unless its process holds the lease.

        Raises:
            LeaseLost: another process has it, or may have.
        """
        fence(session, self.held())

    def held(self) -> Lease:
        """The lease.

        Raises:
            LeaseLost: this process does not hold it.
        """
        lease = self._lease()
        if lease is None:
            raise LeaseLost("Another process does this service's background work by now.")
        return lease
