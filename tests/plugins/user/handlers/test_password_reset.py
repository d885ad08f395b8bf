"""A forgotten password is replaced by whoever reads the address of the account."""

import time
from uuid import UUID

import pytest
from user_academy import PASSWORD, Academy, pointers
from user_bench import UserBench
from user_mail import Post

from colonnade.errors import Forbidden, Unauthenticated
from colonnade_user.api import IssueConfirmation, PasswordChanged, Purpose
from colonnade_user.confirmations.records import MAXIMUM_RECENT, TOKEN_LIFETIMES

NEW = "an entirely new one"
RESET = Purpose.PASSWORD_RESET


@pytest.fixture
def post(bench: UserBench) -> Post:
    return Post(bench)


async def confirm(academy: Academy, token: str, password: str = NEW) -> int:
    body = {"token": token, "password": password}
    return (await academy.post("/auth/password-reset/confirm", body)).status_code


async def test_a_forgotten_password_is_replaced(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()

    asked = await acme.post("/auth/password-reset", {"email": ada.email.upper()})
    mail = await post.last(RESET)

    assert (asked.status_code, asked.content) == (202, b"")
    assert mail.email == ada.email
    assert await confirm(acme, mail.token or "") == 204
    assert await acme.login(ada.email, NEW)
    old = await acme.post("/auth/login", {"email": ada.email, "password": PASSWORD})
    assert old.status_code == 401
    assert PasswordChanged(user_id=UUID(ada.id)) in await bench.published(tenant="acme")


async def test_a_new_password_ends_every_session(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    await confirm(acme, await post.token(RESET))

    body = {"refresh_token": ada.tokens["refresh_token"]}
    assert (await ada.get("/users/me")).status_code == 401
    assert (await acme.post("/auth/refresh", body)).status_code == 401


async def test_a_link_works_once(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)

    first, second = await confirm(acme, token), await confirm(acme, token, "one more password")

    assert (first, second) == (204, 410)
    assert await acme.login(ada.email, NEW)


async def test_a_new_password_ends_all_other_links_to_one(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    tokens = []
    for _ in range(2):
        await acme.post("/auth/password-reset", {"email": ada.email})
        tokens.append(await post.token(RESET))

    assert [await confirm(acme, token) for token in reversed(tokens)] == [204, 410]


async def test_a_refused_password_does_not_use_up_the_link(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)

    assert await confirm(acme, token, "short") == 422
    assert await confirm(acme, token) == 204


async def test_a_link_is_over_after_half_an_hour(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)

    bench.clock.advance(seconds=TOKEN_LIFETIMES[RESET].total_seconds())

    assert TOKEN_LIFETIMES[RESET].total_seconds() == 1800
    assert await confirm(acme, token) == 410


async def test_a_mail_that_is_sent_again_carries_a_link_that_works(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    early = await post.token(RESET)
    bench.clock.advance(seconds=1200)
    late = await post.token(RESET)
    assert early != late

    bench.clock.advance(seconds=1200)

    assert await confirm(acme, early) == 410
    assert await confirm(acme, late) == 204


@pytest.mark.parametrize("token", ["x", "0" * 43, "\u00e9" * 40])
async def test_a_token_that_was_made_up_is_refused(acme: Academy, token: str) -> None:
    body = {"token": token, "password": NEW}
    answer = await acme.post("/auth/password-reset/confirm", body)

    assert answer.status_code == 410
    assert pointers(answer) == {"/token"}


async def test_a_link_of_another_academy_is_refused(
    acme: Academy, globex: Academy, post: Post
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})

    assert await confirm(globex, await post.token(RESET)) == 410


async def test_a_link_for_something_else_sets_no_password(acme: Academy, post: Post) -> None:
    ada = await acme.learner()
    await ada.post("/auth/email-verification")

    assert await confirm(acme, await post.token(Purpose.EMAIL_VERIFICATION)) == 410


async def test_an_unknown_address_is_answered_alike_and_as_slowly(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()
    seconds, answers = [], []
    for email in (ada.email, "nobody@people.example"):
        began = time.perf_counter()
        answer = await acme.post("/auth/password-reset", {"email": email})
        seconds.append(time.perf_counter() - began)
        answers.append((answer.status_code, answer.content, set(answer.headers)))

    assert answers[0] == answers[1]
    assert min(seconds) >= 0.25
    assert len(await post.requested()) == 1


async def test_one_account_gets_few_mails_however_often_they_are_asked_for(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()
    for _ in range(MAXIMUM_RECENT + 2):
        await acme.post("/auth/password-reset", {"email": ada.email})

    assert len(await post.requested()) == MAXIMUM_RECENT


async def test_neither_event_nor_store_holds_the_token(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)

    written = b"".join(file.read_bytes() for file in bench.folder.rglob("*") if file.is_file())

    assert token.encode() not in written
    assert token not in str(await bench.published(tenant="acme"))


async def test_whoever_set_a_password_by_a_link_reads_the_address(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    await confirm(acme, await post.token(RESET))

    again = await acme.login(ada.email, NEW)

    assert (await again.get("/users/me")).json()["email_verified"] is True


async def test_another_address_ends_links_that_were_mailed_to_the_old_one(
    acme: Academy, post: Post
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)
    await ada.post("/auth/email-change", {"email": "ada@new.example", "password": PASSWORD})
    change = {"token": await post.token(Purpose.EMAIL_CHANGE)}
    assert (await acme.post("/auth/email-change/confirm", change)).status_code == 204

    assert await confirm(acme, token) == 410


async def test_an_admin_has_the_link_sent_and_sees_none_of_it(acme: Academy, post: Post) -> None:
    ada, admin = await acme.learner(), await acme.with_role("admin")

    answer = await admin.post(f"/users/{ada.id}/password-reset")

    assert (answer.status_code, answer.content) == (202, b"")
    assert (await post.last(RESET)).email == ada.email
    assert await confirm(acme, await post.token(RESET)) == 204


async def test_an_admin_has_no_link_sent_to_an_owner(acme: Academy, post: Post) -> None:
    owner, admin = await acme.owner(), await acme.with_role("admin")

    assert (await admin.post(f"/users/{owner.id}/password-reset")).status_code == 403
    assert await post.requested() == []


async def test_nobody_else_has_links_sent_to_others(acme: Academy, globex: Academy) -> None:
    ada, bob = await acme.learner(), await acme.learner("Bob")
    foreign = await globex.owner()

    assert (await bob.post(f"/users/{ada.id}/password-reset")).status_code in (403, 404)
    assert (await foreign.post(f"/users/{ada.id}/password-reset")).status_code == 404
    assert (await acme.post(f"/users/{ada.id}/password-reset", {})).status_code == 401


async def test_nobody_but_the_service_that_sends_mail_gets_a_token(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    ada = await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    wanted = IssueConfirmation(confirmation_id=(await post.requested())[0].confirmation_id)

    for service in ("course", "operator", "gateway", "payment"):
        with pytest.raises((Forbidden, Unauthenticated)):
            await bench.as_service("acme", service, wanted)


async def test_a_deleted_account_leaves_no_link(acme: Academy, post: Post) -> None:
    owner, ada = await acme.owner(), await acme.learner()
    await acme.post("/auth/password-reset", {"email": ada.email})
    token = await post.token(RESET)
    request = (await post.requested())[0]

    await owner.delete(f"/users/{ada.id}")

    assert await confirm(acme, token) == 410
    assert await post.send(request) is None
