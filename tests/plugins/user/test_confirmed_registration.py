"""Where registrations are confirmed, nobody learns who has an account."""

from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select
from user_academy import PASSWORD, Academy
from user_bench import Bench, BenchContext, within
from user_mail import Post

from colonnade.errors import Conflict
from colonnade_user.api import Purpose, RegisterUser
from colonnade_user.config import RegistrationConfig, UserConfig
from colonnade_user.confirmations.records import TOKEN_LIFETIMES
from colonnade_user.models import ConfirmationRow

BODY = {"email": "Ada@people.example", "password": PASSWORD, "name": "Buy at spam.example"}


def redeeming(token: str, password: str = PASSWORD, **others: str) -> dict[str, str]:
    return {"token": token, "password": password, **others}


async def submit(academy: Academy, token: str, password: str) -> httpx.Response:
    """What the form of the plain page sends."""
    fields = redeeming(token, password, name="Ada")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = urlencode(fields).encode()
    return await academy.send("POST", "/auth/register/confirm", headers=headers, content=content)


@pytest.fixture(autouse=True)
def confirmed(context: BenchContext) -> None:
    context.config = UserConfig(registration=RegistrationConfig(confirm=True))


@pytest.fixture
def post(bench: Bench) -> Post:
    return Post(bench)


async def test_an_account_is_opened_by_the_link(acme: Academy, post: Post) -> None:
    asked = await acme.post("/auth/register", BODY)
    early = await acme.post("/auth/login", {"email": BODY["email"], "password": PASSWORD})
    token = await post.token(Purpose.REGISTRATION)
    opened = await acme.post("/auth/register/confirm", redeeming(token))

    assert (asked.status_code, asked.content, early.status_code) == (202, b"", 401)
    assert opened.status_code == 201
    assert opened.headers["Location"] == f"/api/v1/users/{opened.json()['id']}"
    assert (opened.json()["email"], opened.json()["email_verified"]) == (BODY["email"], True)
    assert opened.json()["role"] == "learner"
    assert await acme.login(BODY["email"])


async def test_a_link_opens_one_account(acme: Academy, post: Post) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    answers = [await acme.post("/auth/register/confirm", redeeming(token)) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 410]


async def test_a_link_is_over_after_a_day(acme: Academy, post: Post, context: BenchContext) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    context.clock.forward(TOKEN_LIFETIMES[Purpose.REGISTRATION].total_seconds())

    assert (await acme.post("/auth/register/confirm", redeeming(token))).status_code == 410


@pytest.mark.parametrize("followed", [0, 1, 2])
async def test_no_password_of_whoever_asked_opens_what_the_reader_of_the_mail_opened(
    acme: Academy, post: Post, followed: int
) -> None:
    theirs = [f"chosen by a stranger {number}" for number in range(3)]
    tokens = []
    for password in theirs:
        await acme.post("/auth/register", BODY | {"password": password})
        tokens.append(await post.token(Purpose.REGISTRATION))
    own = "chosen by the reader"
    await acme.post("/auth/register", BODY | {"password": own, "name": "Ada"})

    opened = await acme.post(
        "/auth/register/confirm", redeeming(tokens[followed], own, name="Ada Lovelace")
    )

    tried = [
        (await acme.post("/auth/login", {"email": BODY["email"], "password": one})).status_code
        for one in (own, *theirs)
    ]
    assert (opened.status_code, opened.json()["name"]) == (201, "Ada Lovelace")
    assert tried == [200, 401, 401, 401]


async def test_nothing_is_kept_of_the_password_that_was_asked_with(
    acme: Academy, post: Post, bench: Bench
) -> None:
    await acme.post("/auth/register", BODY)

    async with within(bench, "acme") as store:
        kept = await store.read(
            lambda session: session.scalars(select(ConfirmationRow.password_hash)).all()
        )

    assert kept == [None]


async def test_without_a_name_the_account_has_the_one_it_was_asked_for_with(
    acme: Academy, post: Post
) -> None:
    await acme.post("/auth/register", BODY)

    token = await post.token(Purpose.REGISTRATION)
    opened = await acme.post("/auth/register/confirm", redeeming(token))

    assert opened.json()["name"] == BODY["name"]


@pytest.mark.parametrize("weak", ["short", "password123", "Ada1815!", "Lovelace1815"])
async def test_a_refused_password_does_not_use_the_link_up(
    acme: Academy, post: Post, weak: str
) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    refused = await acme.post(
        "/auth/register/confirm", redeeming(token, weak, name="Augusta Lovelace")
    )
    opened = await acme.post("/auth/register/confirm", redeeming(token))

    assert (refused.status_code, opened.status_code) == (422, 201)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/password"]


async def test_without_a_password_no_account_is_opened(acme: Academy, post: Post) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    refused = await acme.post("/auth/register/confirm", {"token": token})

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/password"]


async def test_the_plain_page_asks_for_the_password_and_shows_what_is_wrong_with_it(
    acme: Academy, post: Post
) -> None:
    await acme.post("/auth/register", BODY)
    token = await post.token(Purpose.REGISTRATION)

    page = await acme.get(f"/auth/confirm?token={token}")
    refused, opened = [await submit(acme, token, one) for one in ("password123", PASSWORD)]

    assert 'type="password" name="password" required' in page.text
    assert BODY["name"] not in page.text
    assert (refused.status_code, opened.status_code) == (422, 200)
    assert "is one of the passwords that are tried first" in refused.text
    assert 'name="password"' in refused.text
    assert await acme.login(BODY["email"])


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

    answers = [await acme.post("/auth/register/confirm", redeeming(one)) for one in tokens]

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


async def test_those_who_add_people_get_the_account_at_once(
    acme: Academy, post: Post, context: BenchContext
) -> None:
    owner = await acme.owner()

    first, second = [await owner.post("/auth/register", BODY) for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 409)
    assert await post.requested() == []


async def test_where_registration_is_closed_no_mail_goes_out(
    cloister: Academy, bench: Bench
) -> None:
    assert (await cloister.post("/auth/register", BODY)).status_code == 403
    assert await Post(bench, "cloister").requested() == []


async def test_no_stranger_gets_past_the_mail_by_the_bus(acme: Academy, bench: Bench) -> None:
    request = RegisterUser(email=BODY["email"], password=PASSWORD, name="Ada")

    with pytest.raises(Conflict, match="when the address is confirmed"):
        await bench.as_stranger("acme", request)


@pytest.mark.parametrize(
    ("declared", "production", "status"),
    [(None, True, 202), (False, True, 201), (None, False, 201), (True, False, 202)],
)
async def test_production_confirms_unless_it_is_said(
    acme: Academy, context: BenchContext, declared: bool | None, production: bool, status: int
) -> None:
    context.production = production
    context.config = UserConfig(registration=RegistrationConfig(confirm=declared))

    assert (await acme.post("/auth/register", BODY)).status_code == status
