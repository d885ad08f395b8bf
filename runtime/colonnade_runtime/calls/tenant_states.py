"""States of a tenant, as its file declares them for each service."""

from collections.abc import Callable
from enum import StrEnum


class TenantState(StrEnum):
    """State of a tenant for one service, as declared now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Work for it waits until it is active again."""
    DISABLED = "disabled"
    """The tenant is known and does not use this service: work for it is passed over."""
    UNKNOWN = "unknown"


StateOfTenant = Callable[[str], TenantState]
"""The state of a tenant, by its id."""
