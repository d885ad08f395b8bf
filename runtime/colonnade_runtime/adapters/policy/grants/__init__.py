"""Grants that people should know of: of other services' actions, and to strangers."""

from colonnade_runtime.adapters.policy.grants.foreign import (
    ForeignGrant,
    foreign_grants,
    foreign_packages,
    unconfirmed,
)
from colonnade_runtime.adapters.policy.grants.strangers import StrangerGrant, stranger_grants

__all__ = [
    "ForeignGrant",
    "StrangerGrant",
    "foreign_grants",
    "foreign_packages",
    "stranger_grants",
    "unconfirmed",
]
