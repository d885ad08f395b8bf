"""What the service writes down, publishes and logs about people."""

from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from user_academy import OWNER_PASSWORD, PASSWORD, Academy
from user_bench import UserBench

from colonnade.errors import Forbidden, Unauthenticated
from colonnade_user.api import (
    GetUser,
    PasswordChanged,
    ProfileUpdated,
    ResolveSession,
    Role,
    SessionEnd,
    SessionEnded,
    UserDeleted,
    UserRegistered,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
)


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_neither_passwords_nor_tokens_are_written_down(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()

    written = bytes_in(bench.folder)

    assert ada.email.encode() in written
    for secret in (PASSWORD, OWNER_PASSWORD, ada.access_token, ada.tokens["refresh_token"]):
        assert secret.encode() not in written


async def test_a_deleted_account_leaves_no_row(acme: Academy, bench: UserBench) -> None:
    owner, ada = await acme.owner(), await acme.learner()

    await owner.delete(f"/users/{ada.id}")

    assert (await owner.get(f"/users?q={ada.email}")).json()["items"] == []
    assert (await bench.published(tenant="acme"))[-1] == UserDeleted(user_id=UUID(ada.id))


async def test_events_tell_what_became_of_an_account(acme: Academy, bench: UserBench) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    user_id = UUID(ada.id)
    await ada.patch(f"/profiles/{ada.id}", {"name": "Ada L."})
    await owner.patch(f"/users/{ada.id}", {"role": "instructor"})
    await owner.patch(f"/users/{ada.id}", {"status": "suspended"})

    of_ada = [fact for fact in await bench.published(tenant="acme") if fact.user_id == user_id]  # type: ignore[attr-defined]

    assert of_ada == [
        UserRegistered(user_id=user_id, name="Ada", role=Role.LEARNER),
        ProfileUpdated(user_id=user_id, name="Ada L."),
        UserRoleChanged(user_id=user_id, previous=Role.LEARNER, role=Role.INSTRUCTOR),
        SessionEnded(user_id=user_id, session_id=UUID(ada.session_id), reason=SessionEnd.SUSPENDED),
        UserStatusChanged(user_id=user_id, previous=UserStatus.ACTIVE, status=UserStatus.SUSPENDED),
    ]


async def test_a_new_password_is_published_and_a_wrong_one_is_not(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    for current, status in (("not hers at all", 422), (PASSWORD, 204)):
        body = {"current_password": current, "new_password": "another password"}
        assert (await ada.post("/auth/password", body)).status_code == status
    changed = await bench.published(PasswordChanged, tenant="acme")
    assert changed == [PasswordChanged(user_id=UUID(ada.id))]


async def test_a_change_that_changes_nothing_publishes_nothing(
    acme: Academy, bench: UserBench
) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    before = await bench.published(tenant="acme")

    response = await owner.patch(f"/users/{ada.id}", {"role": "learner", "status": "active"})

    assert response.json()["version"] == 1
    assert await bench.published(tenant="acme") == before


async def test_logs_name_nobody(acme: Academy, bench: UserBench) -> None:
    with capture_logs() as lines:
        ada = await acme.learner()
        body = {"refresh_token": ada.tokens["refresh_token"]}
        await acme.post("/auth/refresh", body)
        bench.clock.advance(minutes=1)
        await acme.post("/auth/refresh", body)

    assert [line["event"] for line in lines] == ["refresh_token_reused"]
    assert lines[0]["user_id"] == ada.id
    told = str(lines)
    for secret in (ada.email, PASSWORD, ada.access_token, ada.tokens["refresh_token"]):
        assert secret not in told


async def test_the_owner_is_provisioned_once_and_never_reset(acme: Academy) -> None:
    owner = await acme.owner()
    body = {"current_password": OWNER_PASSWORD, "new_password": "battery staple"}
    await owner.post("/auth/password", body)

    assert await acme.login(owner.email, "battery staple")
    declared = await acme.post("/auth/login", {"email": owner.email, "password": OWNER_PASSWORD})
    assert declared.status_code == 401


async def test_only_the_edge_resolves_sessions(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()
    request = ResolveSession(session_id=UUID(ada.session_id))

    assert (await bench.as_service("acme", "gateway", request)).user_id == UUID(ada.id)
    with pytest.raises(Forbidden):
        await bench.as_service("acme", "course", request)


async def test_a_session_of_another_academy_is_not_resolved(
    acme: Academy, bench: UserBench
) -> None:
    ada = await acme.learner()
    request = ResolveSession(session_id=UUID(ada.session_id))

    with pytest.raises(Unauthenticated):
        await bench.as_service("globex", "gateway", request)


async def test_the_operator_sees_what_an_owner_sees(acme: Academy, bench: UserBench) -> None:
    ada = await acme.learner()

    user = await bench.as_service("acme", "operator", GetUser(user_id=UUID(ada.id)))

    assert user.email == ada.email
