"""What a list shows is what a read permits, for the real policies and this service's rows."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from colonnade.operations import operation_of
from colonnade.policy import (
    Decision,
    Facts,
    PolicyBundle,
    PolicyQuery,
    ResourceType,
    permits,
    where,
)
from colonnade.store import Session
from colonnade_course.api import OPERATIONS
from colonnade_course.models import (
    Base,
    CourseRow,
    EnrollmentRow,
    InstructorRow,
    LessonRow,
    SectionRow,
)
from colonnade_course.resources import COURSE, ENROLLMENT, LESSON, SECTION
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from tests.demo_policies import demo_policies
from tests.row_sessions import row_sessions

NOW = datetime(2025, 1, 1, tzinfo=UTC)
TENANT = Facts({"id": "acme", "plan": "free", "status": "active"})

COURSES = [UUID(int=number) for number in range(1, 4)]
PEOPLE = [UUID(int=number) for number in range(11, 14)]
RESOURCES: list[tuple[ResourceType, type[Any]]] = [
    (COURSE, CourseRow),
    (SECTION, SectionRow),
    (LESSON, LessonRow),
    (ENROLLMENT, EnrollmentRow),
]
ACTIONS = sorted({operation_of(operation).action for operation in OPERATIONS})

people = st.fixed_dictionaries(
    {
        "id": st.sampled_from(PEOPLE).map(str),
        "kind": st.just("user"),
        "roles": st.lists(
            st.sampled_from(["owner", "admin", "instructor", "learner"]), max_size=2, unique=True
        ).map(sorted),
    }
)
others = st.sampled_from(
    [
        {"id": "anonymous", "kind": "anonymous", "roles": []},
        {"id": "service:operator", "kind": "service", "roles": []},
        {"id": "service:payment", "kind": "service", "roles": []},
        {"id": "service:content", "kind": "service", "roles": []},
        {"id": str(PEOPLE[0]), "kind": "api_key", "roles": ["instructor"]},
    ]
)
principals = (people | people | others).map(
    lambda facts: facts | {"attributes": {}, "on_behalf_of": None}
)
pairs = st.tuples(st.sampled_from(COURSES), st.sampled_from(PEOPLE))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with row_sessions(Base.metadata) as make:
        yield make()


class Decisions:
    """Asks the real policies, each question once."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._policy = EmbeddedPolicy(timeout=10.0)
        self._known: dict[tuple[str, Facts], Decision] = {}
        bundle = PolicyBundle(demo_policies())
        self._runner.run(self._policy.load(bundle))

    def of(self, action: str, principal: dict[str, Any]) -> Decision:
        facts = Facts(principal)
        if (action, facts) not in self._known:
            query = PolicyQuery(action, action.partition(".")[0], facts, TENANT)
            self._known[action, facts] = self._runner.run(self._policy.decide(query))
        return self._known[action, facts]

    def close(self) -> None:
        self._runner.run(self._policy.close())
        self._runner.close()


@pytest.fixture(scope="module")
def decisions() -> Iterator[Decisions]:
    made = Decisions()
    yield made
    made.close()


def fill(
    session: Session,
    statuses: list[str],
    creators: list[str],
    instructors: dict[tuple[UUID, UUID], bool],
    enrollments: dict[tuple[UUID, UUID], str],
) -> None:
    for table in (EnrollmentRow, LessonRow, SectionRow, InstructorRow, CourseRow):
        session.execute(delete(table))
    times = {"created_at": NOW, "updated_at": NOW}
    for number, course_id in enumerate(COURSES):
        course = CourseRow(
            id=course_id,
            slug=f"c{number}",
            title=f"Course {number}",
            folded_title=f"course {number}",
            summary="",
            language="en",
            status=statuses[number],
            created_by=creators[number],
            **times,
        )
        section = SectionRow(course_id=course_id, title="S", position=1, required=True, **times)
        session.add_all([course, section])
        session.flush()
        session.add(
            LessonRow(
                course_id=course_id,
                section_id=section.id,
                title="L",
                position=1,
                preview=bool(number % 2),
                completion="manual",
                required=True,
                **times,
            )
        )
    for (course_id, user_id), active in instructors.items():
        row = InstructorRow(course_id=course_id, user_id=user_id, active=active, since=NOW)
        session.add(row)
    for (course_id, user_id), status in enrollments.items():
        enrollment = EnrollmentRow(course_id=course_id, user_id=user_id, status=status, **times)
        session.add(enrollment)
    session.flush()


@settings(max_examples=100, deadline=None)
@given(
    principal=principals,
    statuses=st.lists(st.sampled_from(["draft", "published"]), min_size=3, max_size=3),
    creators=st.lists(st.sampled_from(PEOPLE).map(str), min_size=3, max_size=3),
    instructors=st.dictionaries(pairs, st.booleans(), max_size=5),
    enrollments=st.dictionaries(
        pairs, st.sampled_from(["pending", "active", "completed", "ended"]), max_size=5
    ),
)
def test_a_list_selects_exactly_the_rows_that_the_decision_permits_one_by_one(
    session: Session,
    decisions: Decisions,
    principal: dict[str, Any],
    statuses: list[str],
    creators: list[str],
    instructors: dict[tuple[UUID, UUID], bool],
    enrollments: dict[tuple[UUID, UUID], str],
) -> None:
    fill(session, statuses, creators, instructors, enrollments)
    for action in ACTIONS:
        decision = decisions.of(action, principal)
        assert not decision.failed, decision.reason
        resource, model = next(pair for pair in RESOURCES if pair[0].name == decision.resource_type)
        listed = set(session.scalars(select(model.id).where(where(decision, resource))))
        permitted = {
            row.id
            for row in session.scalars(select(model))
            if permits(decision, resource, resource.attributes(row), resource.related_in(session))
        }
        assert listed == permitted, action


def test_no_grant_speaks_of_what_the_resource_types_do_not_have(decisions: Decisions) -> None:
    """A decision that cannot be read refuses, with a reason that says so."""
    resources = {resource.name: resource for resource, _ in RESOURCES}
    instructor = {"id": str(PEOPLE[0]), "kind": "user", "roles": ["instructor"]}
    for action in ACTIONS:
        decision = decisions.of(action, instructor | {"attributes": {}, "on_behalf_of": None})
        bound = decision.bound_to(resources[decision.resource_type])
        assert bound.grants or not decision.grants, bound.reason
