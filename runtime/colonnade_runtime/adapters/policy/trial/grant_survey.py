"""What the policies of a platform grant, for people to look at."""

from dataclasses import dataclass

from colonnade.policy import PolicyBundle
from colonnade_runtime.adapters.policy.grants.anonymous_grants import StrangerGrant, stranger_grants
from colonnade_runtime.adapters.policy.grants.cross_service_grants import (
    ForeignGrant,
    foreign_grants,
)
from colonnade_runtime.adapters.policy.trial.verification import tried_out


@dataclass(frozen=True, slots=True)
class Survey:
    """Grants across services, and what strangers are granted."""

    foreign: tuple[ForeignGrant, ...]
    strangers: tuple[StrangerGrant, ...]


async def survey(bundle: PolicyBundle) -> Survey | None:
    """What the policies grant, confirmed or not; nothing when they cannot be read or tried."""
    told = await tried_out(bundle)
    if told is None or "strangers" not in told:
        return None
    strangers = stranger_grants(told["strangers"], bundle.modules)
    found = {(grant.action, grant.package) for grant in strangers}
    return Survey(tuple(foreign_grants(bundle, told["declared"], found)), tuple(strangers))
