"""Where registrations are confirmed, nobody learns who has an account."""

from typing import Any

import pytest
from user_academy import PASSWORD, Academy
from user_bench import DEVELOPMENT, PRODUCTION, UserBench
from user_mail import Post

from colonnade.errors import Conflict
from colonnade_user.api import Purpose, RegisterUser
from colonnade_user.confirmations.records import TOKEN_LIFETIMES

BODY = {"email": "Ada@people.example", "password": PASSWORD, "name": "Buy at spam.example"}


@pytest.fixture
def config() -> dict[str, Any]:
    return {"registration": {"confirm": True}}


@pytest.fixture
def post(bench: UserBench) -> Post:
    return Post(bench)


async def test_an_account_is_opened_by_the_link(acme: Academy, post: Post) -> None:
    asked = await acme.post("/auth/register", BODY)
    early = await acme.post("/auth/login", {"email": BODY["email"], "password": PASSWORD})
    token = await post.token(Purpose.REGISTRATION)
    opened = await acme.post("/auth/register/confirm", {"token": token})

    assert (asked.status_code, asked.content, early.status_code) == (202, b"", 401)
    assert opened.status_code == 201
    assert opened.headers["Location"] == f"/api/v1/users/{opened.json()['id']}"
    assert (opened.json()["email"], opened.json()["email_verified"]) == (BODY["email"], True)
    assert opened.json()["role"] == "learner"
    assert await acme.login(BODY["email"])


async def test_a_link_opens_one_account(acme: Academy, post: Post) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    answers = [await acme.post("/auth/register/confirm", {"token": token}) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 410]


async def test_a_link_is_over_after_a_day(acme: Academy, post: Post, bench: UserBench) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    bench.clock.advance(seconds=TOKEN_LIFETIMES[Purpose.REGISTRATION].total_seconds())

    assert (await acme.post("/auth/register/confirm", {"token": token})).status_code == 410


async def test_an_address_with_an_account_is_answered_alike_and_told(
    acme: Academy, post: Post
) -> None:
    answers = []
    for email in ("owner@acme.example", "new@people.example"):
        answer = await acme.post("/auth/register", BODY | {"email": email})
        answers.append((answer.status_code, answer.content, set(answer.headers)))

    told = await post.last(Purpose.ADDRESS_TAKEN)
    assert answers[0] == answers[1]
    assert told.email == "Owner@acme.example"
    assert told.token is None
    assert [one.purpose for one in await post.requested()] == ["address_taken", "registration"]


async def test_of_two_who_asked_with_one_address_the_first_link_wins(
    acme: Academy, post: Post
) -> None:
    tokens = []
    for _ in range(2):
        await acme.post("/auth/register", BODY)
        tokens.append(await post.token(Purpose.REGISTRATION))

    answers = [await acme.post("/auth/register/confirm", {"token": one}) for one in tokens]

    assert [one.status_code for one in answers] == [201, 409]


async def test_mail_for_a_stranger_names_nothing_that_whoever_asked_typed(
    acme: Academy, post: Post
) -> None:
    await acme.post("/auth/register", BODY)

    issued = await post.last(Purpose.REGISTRATION)

    assert BODY["name"] not in issued.model_dump_json()
    assert BODY["name"] not in str(await post.requested())


async def test_one_address_gets_few_mails_however_often_somebody_registers(
    acme: Academy, post: Post
) -> None:
    for _ in range(5):
        assert (await acme.post("/auth/register", BODY)).status_code == 202

    assert len(await post.requested()) == 3


async def test_those_who_add_people_get_the_account_at_once(acme: Academy, post: Post) -> None:
    owner = await acme.owner()

    first, second = [await owner.post("/auth/register", BODY) for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 409)
    assert await post.requested() == []


async def test_where_registration_is_closed_no_mail_goes_out(
    cloister: Academy, bench: UserBench
) -> None:
    assert (await cloister.post("/auth/register", BODY)).status_code == 403
    assert await Post(bench, "cloister").requested() == []


async def test_no_stranger_gets_past_the_mail_by_the_bus(acme: Academy, bench: UserBench) -> None:
    request = RegisterUser(email=BODY["email"], password=PASSWORD, name="Ada")

    with pytest.raises(Conflict, match="when the address is confirmed"):
        await bench.ask(request)


@pytest.mark.parametrize(
    ("config", "platform", "status"),
    [
        ({}, PRODUCTION, 202),
        ({"registration": {"confirm": False}}, PRODUCTION, 201),
        ({}, DEVELOPMENT, 201),
        ({"registration": {"confirm": True}}, DEVELOPMENT, 202),
    ],
    ids=["production", "production-not-confirmed", "development", "development-confirmed"],
)
async def test_production_confirms_unless_it_is_said(acme: Academy, status: int) -> None:
    assert (await acme.post("/auth/register", BODY)).status_code == status
