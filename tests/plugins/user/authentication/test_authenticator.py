"""An access token becomes a principal; keys and sessions are cached within bounds."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from colonnade.context import PrincipalKind
from colonnade.errors import Unauthenticated, Unavailable
from colonnade.identifiers import new_id
from colonnade.quantities import Duration
from colonnade.services import ServiceContext
from colonnade_user.api import (
    GetSigningKeys,
    JsonWebKeySet,
    ResolvedSession,
    ResolveSession,
    Role,
    SessionEnd,
    SessionEnded,
    SessionOver,
    UserDeleted,
    UserRoleChanged,
    UserStatus,
    UserStatusChanged,
)
from colonnade_user.authentication.authenticator import BearerAuthenticator
from colonnade_user.authentication.key_ring import (
    KEYS_LIFETIME,
    MAXIMUM_TENANTS,
    REFETCH_INTERVAL,
)
from colonnade_user.config import UserConfig
from colonnade_user.tokens.access_tokens import (
    SigningKey,
    issue_access_token,
    new_private_key,
    public_key_of,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Edge:
    """A process that hosts no user service: it can ask, and it has a clock."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.current = "acme"
        self.keys: dict[str, SigningKey] = {"acme": SigningKey(new_id(), new_private_key())}
        self.fetches = 0
        self.live: dict[UUID, ResolvedSession] = {}
        self.clock = SimpleNamespace(now=lambda: NOW, monotonic=lambda: self.time)
        self.reachable = True
        self.forgotten: list[str] = []
        self.config = UserConfig()

    def tenant(self) -> Any:
        return SimpleNamespace(id=self.current)

    def invalidate_principal(self, principal_id: str) -> None:
        self.forgotten.append(principal_id)

    async def ask(self, request: Any, *, deadline: float | None = None) -> Any:
        if not self.reachable:
            raise Unavailable("Nobody serves 'user'.")
        if isinstance(request, GetSigningKeys):
            self.fetches += 1
            key = self.keys[self.current]
            return JsonWebKeySet(keys=[public_key_of(key.id, key.private_key)])
        assert isinstance(request, ResolveSession)
        if request.session_id not in self.live:
            raise SessionOver
        return self.live[request.session_id]

    def sign_in(self) -> str:
        """A token of a live session of the current tenant."""
        user_id, session_id = new_id(), new_id()
        self.live[session_id] = ResolvedSession(user_id=user_id, role=Role.LEARNER, expires_at=NOW)
        return issue_access_token(
            self.keys[self.current],
            tenant=self.current,
            user_id=user_id,
            session_id=session_id,
            now=NOW,
            lifetime=900,
        )


@pytest.fixture
def edge() -> Edge:
    return Edge()


@pytest.fixture
def authenticate(edge: Edge) -> BearerAuthenticator:
    return BearerAuthenticator(cast(ServiceContext, edge))


async def test_a_token_becomes_its_user_with_todays_role(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    principal = await authenticate("Bearer", edge.sign_in())

    assert principal is not None
    assert principal.kind is PrincipalKind.USER
    assert principal.roles == ("learner",)
    assert principal.session_id is not None
    assert UUID(principal.session_id) in edge.live


async def test_another_scheme_is_left_to_others(authenticate: BearerAuthenticator) -> None:
    assert await authenticate("basic", "YTpi") is None


async def test_a_role_is_asked_for_each_time(edge: Edge, authenticate: BearerAuthenticator) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    [session_id] = edge.live
    edge.live[session_id] = edge.live[session_id].model_copy(update={"role": Role.ADMIN})

    principal = await authenticate("bearer", token)

    assert principal is not None
    assert principal.roles == ("admin",)


async def test_a_session_that_is_over_is_refused(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    edge.live.clear()

    with pytest.raises(Unauthenticated, match="session is over") as refused:
        await authenticate("bearer", token)

    assert "WWW-Authenticate" in refused.value.headers


async def test_a_token_for_anothers_session_is_refused(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    [session_id] = edge.live
    edge.live[session_id] = edge.live[session_id].model_copy(update={"user_id": new_id()})

    with pytest.raises(Unauthenticated):
        await authenticate("bearer", token)


async def test_keys_are_fetched_once(edge: Edge, authenticate: BearerAuthenticator) -> None:
    for _ in range(3):
        await authenticate("bearer", edge.sign_in())

    assert edge.fetches == 1


async def test_keys_are_fetched_again_after_a_while(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    await authenticate("bearer", edge.sign_in())
    edge.time += KEYS_LIFETIME + 1
    await authenticate("bearer", edge.sign_in())

    assert edge.fetches == 2


async def test_tokens_of_unknown_keys_cause_one_fetch_per_interval(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    await authenticate("bearer", edge.sign_in())
    stranger = Edge().sign_in()

    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await authenticate("bearer", stranger)
    assert edge.fetches == 1

    edge.time += REFETCH_INTERVAL + 1
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await authenticate("bearer", stranger)
    assert edge.fetches == 2


async def test_a_new_key_is_found_once_the_interval_is_over(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    await authenticate("bearer", edge.sign_in())
    edge.keys["acme"] = SigningKey(new_id(), new_private_key())
    edge.time += REFETCH_INTERVAL + 1

    assert await authenticate("bearer", edge.sign_in()) is not None


async def test_one_academys_keys_do_not_verify_anothers_tokens(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    edge.keys["globex"] = SigningKey(new_id(), new_private_key())
    token = edge.sign_in()
    await authenticate("bearer", token)
    edge.current = "globex"

    with pytest.raises(Unauthenticated, match="not signed by this academy"):
        await authenticate("bearer", token)


async def test_the_keys_of_many_academies_are_kept_within_a_bound(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    key = edge.keys["acme"]
    for number in range(MAXIMUM_TENANTS + 5):
        edge.current = f"tenant-{number}"
        edge.keys[edge.current] = key
        await authenticate("bearer", edge.sign_in())
    assert edge.fetches == MAXIMUM_TENANTS + 5

    edge.current = "tenant-0"
    await authenticate("bearer", edge.sign_in())
    assert edge.fetches == MAXIMUM_TENANTS + 6


async def test_an_unreachable_user_service_is_not_a_bad_token(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    edge.reachable = False

    with pytest.raises(Unavailable):
        await authenticate("bearer", token)


async def test_a_session_seen_live_is_believed_for_a_while_when_nobody_can_say(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    """Other services go on while the user service, or the way to it, is away."""
    token = edge.sign_in()
    seen = await authenticate("bearer", token)
    edge.reachable = False
    edge.time += edge.config.outage_grace - 1

    assert await authenticate("bearer", token) == seen
    edge.time += 1
    with pytest.raises(Unavailable):
        await authenticate("bearer", token)


async def test_without_grace_nobody_is_believed(edge: Edge) -> None:
    """Deny by default, for whoever would rather be unavailable than late."""
    edge.config = UserConfig(outage_grace=Duration.parse("0s"))
    authenticate = BearerAuthenticator(cast(ServiceContext, edge))
    token = edge.sign_in()
    await authenticate("bearer", token)
    edge.reachable = False

    with pytest.raises(Unavailable):
        await authenticate("bearer", token)


async def test_a_session_that_was_found_over_is_not_believed_later(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    edge.live.clear()
    with pytest.raises(Unauthenticated):
        await authenticate("bearer", token)
    edge.reachable = False

    with pytest.raises(Unavailable):
        await authenticate("bearer", token)


def ended(user_id: UUID, session_id: UUID) -> SessionEnded:
    return SessionEnded(user_id=user_id, session_id=session_id, reason=SessionEnd.LOGOUT)


def suspended(user_id: UUID, session_id: UUID) -> UserStatusChanged:
    return UserStatusChanged(
        user_id=user_id, previous=UserStatus.ACTIVE, status=UserStatus.SUSPENDED
    )


def deleted(user_id: UUID, session_id: UUID) -> UserDeleted:
    return UserDeleted(user_id=user_id)


@pytest.mark.parametrize("news", [ended, suspended, deleted])
async def test_who_was_heard_to_be_shut_out_is_not_believed_in_an_outage(
    edge: Edge, authenticate: BearerAuthenticator, news: Any
) -> None:
    token, other = edge.sign_in(), edge.sign_in()
    for each in (token, other):
        await authenticate("bearer", each)
    session_id, user_id = next((key, value.user_id) for key, value in edge.live.items())
    authenticate.heard(news(user_id, session_id))
    edge.reachable = False

    with pytest.raises(Unauthenticated, match="session is over"):
        await authenticate("bearer", token)
    assert edge.forgotten == [str(user_id)]
    assert await authenticate("bearer", other) is not None


async def test_a_role_that_was_heard_of_counts_in_an_outage(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    [session] = edge.live.values()
    changed = UserRoleChanged(user_id=session.user_id, previous=Role.LEARNER, role=Role.ADMIN)
    authenticate.heard(changed)
    edge.reachable = False

    principal = await authenticate("bearer", token)

    assert principal is not None
    assert principal.roles == ("admin",)


async def test_an_answer_that_was_on_its_way_when_news_came_is_asked_for_again(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    [(session_id, session)] = edge.live.items()
    changed = UserRoleChanged(user_id=session.user_id, previous=Role.LEARNER, role=Role.ADMIN)
    asked = edge.ask

    async def overtaken(request: Any, *, deadline: float | None = None) -> Any:
        answer = await asked(request)
        if edge.live[session_id].role is Role.LEARNER:
            edge.live[session_id] = session.model_copy(update={"role": Role.ADMIN})
            authenticate.heard(changed)
        return answer

    edge.ask = overtaken  # type: ignore[method-assign]
    principal = await authenticate("bearer", token)

    assert principal is not None
    assert principal.roles == ("admin",)


async def test_whoever_may_come_back_is_believed_again(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    [session] = edge.live.values()
    authenticate.heard(suspended(session.user_id, new_id()))
    edge.time += 1
    await authenticate("bearer", token)
    edge.reachable = False

    assert await authenticate("bearer", token) is not None


async def test_news_of_one_academy_are_none_of_another(
    edge: Edge, authenticate: BearerAuthenticator
) -> None:
    token = edge.sign_in()
    await authenticate("bearer", token)
    [session] = edge.live.values()
    edge.current = "globex"
    authenticate.heard(suspended(session.user_id, new_id()))
    edge.current, edge.reachable = "acme", False

    assert await authenticate("bearer", token) is not None
