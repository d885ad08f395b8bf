"""The names that policies may use on one platform: what its services offer, and to whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from colonnade.context import PrincipalKind
from colonnade.policy.decision import Decision, Grant, RelatedTo
from colonnade.tenant_status import TenantStatus

PRINCIPAL_KINDS = frozenset(kind.value for kind in PrincipalKind)
TENANT_STATUSES = frozenset(status.value for status in TenantStatus)


@dataclass(frozen=True)
class Vocabulary:
    """Vocabulary of policies. An empty part is one that nobody declared, and is not checked.

    `actions` maps each action to the services that offer it, `resources` to the types of object
    it is about; `fields` and `relations` are those of each type, of which conditions speak;
    `shown` are the members of all representations, which masks name; `roles` those that people
    can have; `services` the ones that are enabled, `absent` those that could be and are not.
    """

    actions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    resources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    relations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()

    @property
    def types(self) -> frozenset[str]:
        """The types of object that any action is about."""
        return frozenset().union(*self.resources.values())

    def every_field(self) -> frozenset[str]:
        """The fields of all types together."""
        return frozenset().union(*self.fields.values())

    def every_relation(self) -> frozenset[str]:
        """The relations of all types together."""
        return frozenset().union(*self.relations.values())

    def mistakes(self, decision: Decision) -> Iterator[str]:
        """Names in an answer for an action that its type of object does not have.

        Nothing of an action that only policies know: its service is not enabled.
        """
        if decision.action not in self.actions:
            return
        for type_name in sorted(self.resources.get(decision.action, ())):
            for grant in (*decision.grants, *decision.denies):
                yield from self.condition_mistakes(type_name, grant)
        yield from self.mask_mistakes(decision)

    def condition_mistakes(self, type_name: str, grant: Grant) -> Iterator[str]:
        """Names in conditions that the type of object does not have, or has in another form."""
        fields = self.fields.get(type_name)
        if fields is None:
            return
        relations = self.relations.get(type_name, frozenset())
        for condition in grant:
            if condition.field not in fields:
                hint = suggestion(condition.field, fields)
                yield f"'{type_name}' has no field '{condition.field}'{hint}"
            value = condition.value
            if isinstance(value, RelatedTo) and value.relation not in relations:
                hint = suggestion(value.relation, relations)
                yield f"'{type_name}' has no relation '{value.relation}'{hint}"

    def mask_mistakes(self, decision: Decision) -> Iterator[str]:
        """Masks of what no representation shows; the field that was meant would be shown."""
        if self.shown:
            for name in sorted(decision.masks - self.shown):
                yield f"nothing shows the masked field '{name}'{suggestion(name, self.shown)}"


NO_VOCABULARY = Vocabulary()


def suggestion(word: str, known: frozenset[str] | Mapping[str, object]) -> str:
    """The known word that was most likely meant, as a question in brackets; empty if none is."""
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" (did you mean '{found[0]}'?)" if found else ""
