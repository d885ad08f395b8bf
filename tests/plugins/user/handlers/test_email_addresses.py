"""People prove that they read their address, and move to another that they read."""

from uuid import UUID

import pytest
from user_academy import PASSWORD, Academy, pointers
from user_bench import UserBench
from user_mail import Post

from colonnade_user.api import EmailChanged, Purpose


@pytest.fixture
def post(bench: UserBench) -> Post:
    return Post(bench)


async def test_an_address_is_verified_by_the_link_in_a_mail_to_it(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()

    asked = await ada.post("/auth/email-verification")
    mail = await post.last(Purpose.EMAIL_VERIFICATION)
    body = {"token": mail.token}
    confirmed = await acme.post("/auth/email-verification/confirm", body)

    assert (asked.status_code, confirmed.status_code, mail.email) == (202, 204, ada.email)
    assert (await ada.get("/users/me")).json()["email_verified"] is True
    assert (await acme.post("/auth/email-verification/confirm", body)).status_code == 410


async def test_an_address_that_is_verified_gets_no_more_mail(acme: Academy, post: Post) -> None:
    owner = await acme.owner()

    assert (await owner.post("/auth/email-verification")).status_code == 202
    assert await post.requested() == []


async def test_another_address_counts_once_it_is_confirmed(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()
    body = {"email": "Weiß@new.example", "password": PASSWORD}

    asked = await ada.post("/auth/email-change", body)
    before = (await ada.get("/users/me")).json()["email"]
    mail = await post.last(Purpose.EMAIL_CHANGE)
    confirmed = await acme.post("/auth/email-change/confirm", {"token": mail.token})

    assert (asked.status_code, confirmed.status_code) == (202, 204)
    assert (before, mail.email) == (ada.email, "Weiß@new.example")
    me = (await ada.get("/users/me")).json()
    assert (me["email"], me["email_verified"]) == ("Weiß@new.example", True)
    assert await acme.login("weiß@NEW.example")
    old = await acme.post("/auth/login", {"email": ada.email, "password": PASSWORD})
    assert old.status_code == 401
    assert EmailChanged(user_id=UUID(ada.id)) in await bench.published(tenant="acme")


async def test_the_old_address_is_told(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await ada.post("/auth/email-change", {"email": "ada@new.example", "password": PASSWORD})
    token = await post.token(Purpose.EMAIL_CHANGE)
    await acme.post("/auth/email-change/confirm", {"token": token})

    told = await post.last(Purpose.EMAIL_CHANGED)

    assert (told.email, told.token) == (ada.email, None)


async def test_whoever_does_not_know_the_password_changes_no_address(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()

    answer = await ada.post("/auth/email-change", {"email": "eve@new.example", "password": "no"})

    assert answer.status_code == 422
    assert pointers(answer) == {"/password"}
    assert await post.requested() == []


async def test_an_address_with_an_account_is_answered_alike_and_told(
    acme: Academy, post: Post
) -> None:
    ada, bob = await acme.learner(), await acme.learner("Bob")

    taken = await ada.post("/auth/email-change", {"email": bob.email, "password": PASSWORD})
    free = await ada.post("/auth/email-change", {"email": "a@new.example", "password": PASSWORD})

    assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, b"")
    assert (await post.last(Purpose.ADDRESS_TAKEN)).email == bob.email


async def test_an_address_that_was_taken_meanwhile_is_refused(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await ada.post("/auth/email-change", {"email": "x@new.example", "password": PASSWORD})
    token = await post.token(Purpose.EMAIL_CHANGE)
    body = {"email": "X@new.example", "password": PASSWORD, "name": "Eve"}
    assert (await acme.post("/auth/register", body)).status_code == 201

    answer = await acme.post("/auth/email-change/confirm", {"token": token})

    assert answer.status_code == 409
    assert (await ada.get("/users/me")).json()["email"] == ada.email


async def test_the_case_of_ones_own_address_may_change(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    wanted = ada.email.replace("ada", "Ada")
    await ada.post("/auth/email-change", {"email": wanted, "password": PASSWORD})
    token = await post.token(Purpose.EMAIL_CHANGE)

    assert (await acme.post("/auth/email-change/confirm", {"token": token})).status_code == 204
    assert (await ada.get("/users/me")).json()["email"] == wanted


async def test_nobody_has_mail_sent_to_one_address_after_the_other(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()
    for number in range(6):
        body = {"email": f"victim-{number}@new.example", "password": PASSWORD}
        await ada.post("/auth/email-change", body)

    assert len(await post.requested()) == 3


async def test_a_new_password_ends_a_change_of_address(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await ada.post("/auth/email-change", {"email": "eve@new.example", "password": PASSWORD})
    token = await post.token(Purpose.EMAIL_CHANGE)
    body = {"current_password": PASSWORD, "new_password": "battery staple"}
    assert (await ada.post("/auth/password", body)).status_code == 204

    assert (await acme.post("/auth/email-change/confirm", {"token": token})).status_code == 410
