"""Statuses of a tenant, as its file declares them."""

from enum import StrEnum


class TenantStatus(StrEnum):
    """Status of a tenant for all of its services."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """It keeps its data and answers nothing."""
