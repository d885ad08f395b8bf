"""Survey of what the policies of a platform grant, for operators."""

from dataclasses import dataclass

from colonnade.policy import PolicyBundle
from colonnade_runtime.adapters.policy.grants.anonymous_grants import (
    AnonymousGrant,
    anonymous_grants,
)
from colonnade_runtime.adapters.policy.grants.cross_service_grants import (
    CrossServiceGrant,
    cross_service_grants,
)
from colonnade_runtime.adapters.policy.trial.verification import trial_result


@dataclass(frozen=True, slots=True)
class GrantSurvey:
    """Grants across services, and what strangers are granted."""

    foreign: tuple[CrossServiceGrant, ...]
    strangers: tuple[AnonymousGrant, ...]


async def grant_survey(bundle: PolicyBundle) -> GrantSurvey | None:
    """Survey the grants, confirmed or not; nothing when the policies cannot be read or tried."""
    told = await trial_result(bundle)
    if told is None or "strangers" not in told:
        return None
    strangers = anonymous_grants(told["strangers"], bundle.modules)
    found = {(grant.action, grant.package) for grant in strangers}
    return GrantSurvey(
        tuple(cross_service_grants(bundle, told["declared"], found)), tuple(strangers)
    )
