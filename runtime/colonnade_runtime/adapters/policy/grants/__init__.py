"""Grants that people should know of: of other services' actions, and to strangers."""

from colonnade_runtime.adapters.policy.grants.anonymous_grants import StrangerGrant, stranger_grants
from colonnade_runtime.adapters.policy.grants.cross_service_grants import (
    ForeignGrant,
    foreign_grants,
    foreign_packages,
    unconfirmed,
)

__all__ = [
    "ForeignGrant",
    "StrangerGrant",
    "foreign_grants",
    "foreign_packages",
    "stranger_grants",
    "unconfirmed",
]
