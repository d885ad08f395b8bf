"""Questions without the person who asks, and answers with the person put back in.

Policies that use a principal's id as a value alone, in conditions such as `user_id eq <id>`, say
the same of everybody with the same roles. Such a question is decided once, with a placeholder in
the place of the id.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from secrets import token_hex

from colonnade.policy.decision import Condition, Decision, Grant, RelatedTo
from colonnade.policy.engine import Facts, PolicyQuery

PLACEHOLDER = f"principal:{token_hex(27)}"
"""Stands for an id while a question is decided. Nobody can guess it, and so bring it along in an
attribute or in a tenant's data."""

_BINDABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}")
"""Ids that every engine and parser passes on unchanged; no longer than the placeholder, whose
length the input's bound saw."""


@dataclass(frozen=True, slots=True)
class PrincipalUse:
    """Use that the policies make of a principal when they decide on one action, as far as proven.

    `id_is_value` says that the id reaches answers as a value only, or is compared with texts that
    stand in the policies. `attributes` are the names of those that are read; none when it may be
    any. `on_behalf_of` says that it may be read.
    """

    id_is_value: bool = False
    attributes: frozenset[str] | None = None
    on_behalf_of: bool = True

    def joined(self, other: "PrincipalUse") -> "PrincipalUse":
        """The use that both make together."""
        either = None
        if self.attributes is not None and other.attributes is not None:
            either = self.attributes | other.attributes
        return PrincipalUse(
            self.id_is_value and other.id_is_value,
            either,
            self.on_behalf_of or other.on_behalf_of,
        )


ANY_USE = PrincipalUse()
"""What is assumed of policies of which nothing is proven."""
NO_USE = PrincipalUse(id_is_value=True, attributes=frozenset(), on_behalf_of=False)


def generalised(
    query: PolicyQuery, use: PrincipalUse, texts: AbstractSet[str]
) -> PolicyQuery | None:
    """The question without what the policies do not look at; nothing when that is the same one.

    `texts` are all that stand in the policies: an id among them may be treated as no other is.
    Put the person into the answer with `with_principal`.
    """
    facts = _without_unread(query.principal, use)
    name = query.principal.data.get("id")
    if use.id_is_value and isinstance(name, str) and _BINDABLE.fullmatch(name):
        anybody = _with_placeholder(facts)
        told = (anybody.text, query.tenant.text, query.tenant_data.text)
        # An id that stands elsewhere in the question, too, could meet itself there.
        if name not in texts and not any(name in text for text in told):
            facts = anybody
    return None if facts == query.principal else replace(query, principal=facts)


def with_principal(decision: Decision, query: PolicyQuery) -> Decision:
    """The answer to `query`, from that to the same question for anybody."""
    name = query.principal.data.get("id")
    if not isinstance(name, str):
        return decision
    grants = tuple(_with_id(grant, name) for grant in decision.grants)
    denies = tuple(_with_id(deny, name) for deny in decision.denies)
    if grants == decision.grants and denies == decision.denies:
        # One answer for all keeps what is worked out from it for all.
        return decision
    return replace(decision, grants=grants, denies=denies)


@lru_cache(maxsize=4096)
def _without_unread(principal: Facts, use: PrincipalUse) -> Facts:
    data = dict(principal.data)
    attributes = data.get("attributes")
    if use.attributes is not None and isinstance(attributes, dict):
        read = {name: attributes[name] for name in attributes if name in use.attributes}
        data["attributes"] = read
    if not use.on_behalf_of and "on_behalf_of" in data:
        data["on_behalf_of"] = None
    return principal if data == principal.data else Facts(data)


@lru_cache(maxsize=4096)
def _with_placeholder(principal: Facts) -> Facts:
    return Facts({**principal.data, "id": PLACEHOLDER})


def _with_id(grant: Grant, name: str) -> Grant:
    return tuple(_condition_with_id(condition, name) for condition in grant)


def _condition_with_id(condition: Condition, name: str) -> Condition:
    value = condition.value
    if value == PLACEHOLDER:
        return replace(condition, value=name)
    if isinstance(value, RelatedTo) and value.subject == PLACEHOLDER:
        return replace(condition, value=replace(value, subject=name))
    if isinstance(value, tuple) and PLACEHOLDER in value:
        bound = tuple(name if item == PLACEHOLDER else item for item in value)
        return replace(condition, value=bound)
    return condition
