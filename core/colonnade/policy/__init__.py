"""Policy: what may be done with which objects, as data that Python and SQL read alike.

An engine answers a `PolicyQuery` with a `Decision`; `permits` applies it to one object, `where`
to a list, `masked` to a representation. A service says with a `ResourceType` what policies may
speak of.
"""

from colonnade.policy.compilation import where
from colonnade.policy.confirmation import NO_CONFIRMED_GRANTS, ConfirmedGrants
from colonnade.policy.decision import Condition, Decision, Grant, Operator, RelatedTo
from colonnade.policy.engine import (
    NO_FACTS,
    Facts,
    PolicyBundle,
    PolicyEngine,
    PolicyError,
    PolicyModule,
    PolicyProblem,
    PolicyQuery,
)
from colonnade.policy.evaluation import Outcome, denials_of, evaluate, permits
from colonnade.policy.masking import UnmaskableField, masked, masked_mapping
from colonnade.policy.memoised import MemoisedPolicy, PolicyCounters
from colonnade.policy.narrowing import TenantDeny, TenantPolicy
from colonnade.policy.parsing import parse_decision
from colonnade.policy.resource import RelatedLookup, Relation, ResourceType
from colonnade.policy.vocabulary import NO_VOCABULARY, Vocabulary

__all__ = [
    "NO_CONFIRMED_GRANTS",
    "NO_FACTS",
    "NO_VOCABULARY",
    "Condition",
    "ConfirmedGrants",
    "Decision",
    "Facts",
    "Grant",
    "MemoisedPolicy",
    "Operator",
    "Outcome",
    "PolicyBundle",
    "PolicyCounters",
    "PolicyEngine",
    "PolicyError",
    "PolicyModule",
    "PolicyProblem",
    "PolicyQuery",
    "RelatedLookup",
    "RelatedTo",
    "Relation",
    "ResourceType",
    "TenantDeny",
    "TenantPolicy",
    "UnmaskableField",
    "Vocabulary",
    "denials_of",
    "evaluate",
    "masked",
    "masked_mapping",
    "parse_decision",
    "permits",
    "where",
]
