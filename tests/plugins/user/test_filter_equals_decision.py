"""A list of users shows exactly those that a read permits, whatever the accounts."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from colonnade.policy import Decision, Facts, PolicyBundle, PolicyQuery, permits, where
from colonnade.store import Session
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_user.api import Role, UserStatus
from colonnade_user.models import Base, UserRow
from colonnade_user.resources import USER
from tests.demo_policies import demo_policies
from tests.row_sessions import row_sessions

TENANT = Facts({"id": "acme", "plan": "free", "status": "active"})
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 5)]

PRINCIPALS = [
    {"id": str(PEOPLE[0]), "kind": "user", "roles": [role]} for role in map(str, Role)
] + [
    {"id": "anonymous", "kind": "anonymous", "roles": []},
    {"id": "service:operator", "kind": "service", "roles": []},
    {"id": "service:gateway", "kind": "service", "roles": []},
    {"id": str(PEOPLE[0]), "kind": "api_key", "roles": []},
]
ACTIONS = ["user.read", "user.update", "user.delete", "user.register"]


@pytest.fixture(scope="module")
def decisions() -> dict[tuple[str, int], Decision]:
    async def ask() -> dict[tuple[str, int], Decision]:
        policy = EmbeddedPolicy(timeout=10.0)
        await policy.load(PolicyBundle(demo_policies()))
        answers = {}
        for action in ACTIONS:
            for number, principal in enumerate(PRINCIPALS):
                facts = Facts(principal | {"attributes": {}, "on_behalf_of": None})
                query = PolicyQuery(action, "user", facts, TENANT)
                answers[action, number] = await policy.decide(query)
        await policy.close()
        return answers

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with row_sessions(Base.metadata) as make:
        yield make()


accounts = st.lists(
    st.tuples(st.sampled_from(list(Role)), st.sampled_from(list(UserStatus))),
    min_size=len(PEOPLE),
    max_size=len(PEOPLE),
)


@given(accounts)
def test_a_list_shows_exactly_what_a_read_permits(
    session: Session,
    decisions: dict[tuple[str, int], Decision],
    people: list[tuple[Role, UserStatus]],
) -> None:
    session.execute(delete(UserRow))
    for user_id, (role, status) in zip(PEOPLE, people, strict=True):
        session.add(
            UserRow(
                id=user_id,
                email=f"{user_id}@x.example",
                folded_email=f"{user_id}@x.example",
                name="Somebody",
                folded_name="somebody",
                role=role,
                status=status,
                created_at=NOW,
            )
        )
    session.flush()
    rows = session.scalars(select(UserRow)).all()
    related = USER.related_in(session)
    for decision in decisions.values():
        listed = set(session.scalars(select(UserRow.id).where(where(decision, USER))).all())
        readable = {
            row.id for row in rows if permits(decision, USER, USER.attributes(row), related)
        }
        assert listed == readable
