"""What a tenant's file denies exists, or is an error at its place."""

import pytest

from colonnade.policy import Vocabulary
from tests.runtime.declaration.site import Site

VOCABULARY = Vocabulary(
    actions={"course.read": frozenset({"course"}), "quiz.read": frozenset({"quiz"})},
    resources={"course.read": frozenset({"course"}), "quiz.read": frozenset({"quiz"})},
    fields={"course": frozenset({"id", "status"}), "quiz": frozenset({"id", "level"})},
    relations={"course": frozenset({"teaches"}), "quiz": frozenset()},
    roles=frozenset({"owner", "instructor"}),
)
DENY = "policy:\n  deny:\n    - {}\n"


def told(site: Site, deny: str, vocabulary: Vocabulary = VOCABULARY) -> list[str]:
    site.tenant("acme", DENY.format(deny))
    found = site.problems(vocabulary=vocabulary)
    return [str(problem).removeprefix(str(site.root) + "/") for problem in found]


@pytest.mark.parametrize(
    ("deny", "complaint"),
    [
        (
            "{action: course.raed}",
            "tenants/acme.yaml:8:16: policy.deny[0].action: there is no action 'course.raed' "
            "(did you mean 'course.read'?)",
        ),
        ("{action: course.read, roles: [owner, instuctor]}", "(did you mean 'instructor'?)"),
        ("{action: course.read, roles: [teacher]}", "; there is instructor, owner"),
        (
            "{action: course.read, when: [{field: level, op: eq, value: 1}]}",
            "there is no field 'level' that 'course.read' is about; there is id, status",
        ),
        ("{action: '*', when: [{field: status, op: eq, value: x}]}", "no field 'status'"),
        (
            "{action: course.read, when: "
            "[{field: id, op: related, value: {relation: teches, subject: x}}]}",
            "(did you mean 'teaches'?)",
        ),
        (
            "{action: quiz.read, when: "
            "[{field: id, op: related, value: {relation: teaches, subject: x}}]}",
            "there is no relation 'teaches'",
        ),
        ("{action: course.read, when: [{field: id, op: equals, value: x}]}", "op: must be 'eq'"),
        ("{action: course.read, rolls: [owner]}", "unknown key (did you mean 'roles'?)"),
        ("{roles: [owner]}", "action: is missing"),
        ("{action: course.read, when: [{field: id, op: in, value: x}]}", "is not a list"),
    ],
)
def test_a_deny_of_what_does_not_exist_is_refused(site: Site, deny: str, complaint: str) -> None:
    [line] = told(site, deny)
    assert complaint in line
    assert line.startswith("tenants/acme.yaml:8:")


def test_an_unknown_key_beside_the_denies_is_refused(site: Site) -> None:
    site.tenant("acme", "policy: {denny: []}\n")
    [problem] = site.problems()
    assert "policy.denny: unknown key (did you mean 'deny'?)" in str(problem)


@pytest.mark.parametrize(
    "deny",
    [
        "{action: '*'}",
        "{action: '*', when: [{field: id, op: eq, value: x}]}",
        "{action: quiz.read, roles: [owner], when: [{field: level, op: gt, value: 3}]}",
    ],
)
def test_a_deny_of_what_exists_is_taken(site: Site, deny: str) -> None:
    assert told(site, deny) == []


def test_what_nobody_declared_is_not_judged(site: Site) -> None:
    """A process that hosts a part of the services does not know the tables of the others."""
    few = Vocabulary(actions=VOCABULARY.actions, resources=VOCABULARY.resources)
    deny = "{action: course.read, roles: [x], when: [{field: x, op: eq, value: 1}]}"
    assert told(site, deny, few) == []
    assert told(site, "{action: x.y}", Vocabulary()) == []
