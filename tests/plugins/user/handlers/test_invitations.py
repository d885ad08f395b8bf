"""People are invited by mail, and choose name and password themselves."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from user_academy import Academy
from user_bench import UserBench
from user_mail import Post

from colonnade.context import Principal, PrincipalKind
from colonnade.errors import ValidationFailed
from colonnade.identifiers import new_id
from colonnade_course.api import (
    CourseCreated,
    CourseDeleted,
    CourseEvent,
    CourseUpdated,
    InstructorAdded,
    InstructorEvent,
    InstructorRemoved,
)
from colonnade_user.api import InvitationAccepted, Purpose, Role
from colonnade_user.confirmations.records import TOKEN_LIFETIMES
from colonnade_user.invitations.courses import check_courses

GRACE = "Grace@people.example"
WORDS = "a password of her own"


@pytest.fixture
def post(bench: UserBench) -> Post:
    return Post(bench)


def fact(course: UUID, kind: type[CourseEvent] = CourseCreated, sequence: int = 1) -> CourseEvent:
    """What the course service says of a course."""
    return kind(course_id=course, slug="c", title="C", status="draft", sequence=sequence)


async def accept(academy: Academy, post: Post) -> Any:
    token = await post.token(Purpose.INVITATION)
    body = {"token": token, "name": "Grace", "password": WORDS}
    return await academy.post("/invitations/accept", body)


async def test_whoever_accepts_has_the_role_that_was_offered(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    owner, course = await acme.owner(), new_id()
    await bench.hears("acme", fact(course))
    body = {"email": GRACE, "role": "instructor", "courses": [str(course), str(course)]}

    made = await owner.post("/invitations", body)
    mail = await post.last(Purpose.INVITATION)
    accepted = await accept(acme, post)

    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/invitations/{made.json()['id']}"
    assert (made.json()["status"], made.json()["courses"]) == ("pending", [str(course)])
    assert made.json()["invited_by"] == owner.id
    assert (mail.email, mail.role) == (GRACE, Role.INSTRUCTOR)
    user = accepted.json()
    assert accepted.status_code == 201
    assert (user["email"], user["role"], user["name"]) == (GRACE, "instructor", "Grace")
    assert user["email_verified"] is True
    assert await acme.login(GRACE, WORDS)
    kept = (await owner.get(f"/invitations/{made.json()['id']}")).json()
    assert (kept["status"], kept["user_id"]) == ("accepted", user["id"])
    assert (await bench.published(tenant="acme"))[-1] == InvitationAccepted(
        invitation_id=UUID(made.json()["id"]),
        user_id=UUID(user["id"]),
        role=Role.INSTRUCTOR,
        courses=[course],
    )


async def test_an_invitation_names_courses_that_there_are(acme: Academy, bench: UserBench) -> None:
    owner, there, gone = await acme.owner(), new_id(), new_id()
    await bench.hears("acme", fact(there), fact(gone), fact(gone, CourseDeleted, 3))
    await bench.hears("acme", fact(gone, CourseUpdated, 2))
    await bench.hears("globex", fact(foreign := new_id()))
    courses = [str(there), str(gone), str(foreign), str(new_id())]

    answer = await owner.post("/invitations", {"email": GRACE, "courses": courses})

    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/courses/1", "/courses/2", "/courses/3"]
    assert (await owner.get("/invitations")).json()["items"] == []
    again = await owner.post("/invitations", {"email": GRACE, "courses": courses[:1]})
    assert again.status_code == 201


async def test_whoever_makes_a_course_and_invites_at_once_is_not_refused(
    acme: Academy, bench: UserBench
) -> None:
    owner, course = await acme.owner(), new_id()
    asked = owner.post("/invitations", {"email": GRACE, "courses": [str(course)]})
    asking = asyncio.ensure_future(asked)
    await bench.hears("acme", fact(course))

    assert (await asking).status_code == 201


@pytest.mark.parametrize(
    ("event", "is_theirs"), [(InstructorAdded, True), (InstructorRemoved, False)]
)
async def test_those_who_only_teach_give_what_they_teach(
    bench: UserBench, event: type[InstructorEvent], is_theirs: bool
) -> None:
    course, teacher = new_id(), new_id()
    giver = Principal(PrincipalKind.USER, str(teacher), roles=("instructor",))
    taught = InstructorAdded(course_id=course, user_id=teacher, sequence=1)
    then = event(course_id=course, user_id=teacher, sequence=2)
    await bench.hears("acme", fact(course), then, taught)

    if is_theirs:
        await bench.read(lambda session: check_courses(session, [course], giver))
    else:
        with pytest.raises(ValidationFailed):
            await bench.read(lambda session: check_courses(session, [course], giver))


async def test_an_invitation_is_accepted_once(acme: Academy, post: Post) -> None:
    await (await acme.owner()).post("/invitations", {"email": GRACE})
    token = await post.token(Purpose.INVITATION)
    body = {"token": token, "name": "Grace", "password": WORDS}

    answers = [await acme.post("/invitations/accept", body) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 410]


async def test_people_are_invited_where_registration_is_closed(
    cloister: Academy, bench: UserBench
) -> None:
    await (await cloister.owner()).post("/invitations", {"email": GRACE})

    assert (await accept(cloister, Post(bench, "cloister"))).status_code == 201


@pytest.mark.parametrize(
    ("inviter", "role", "status"),
    [
        ("owner", "owner", 201),
        ("admin", "admin", 201),
        ("admin", "owner", 403),
        ("instructor", "learner", 403),
        ("learner", "learner", 403),
    ],
)
async def test_nobody_invites_above_themself(
    acme: Academy, post: Post, inviter: str, role: str, status: int
) -> None:
    who = await acme.owner() if inviter == "owner" else await acme.with_role(inviter)

    answer = await who.post("/invitations", {"email": GRACE, "role": role})

    assert answer.status_code == status
    assert len(await post.requested()) == (1 if status == 201 else 0)


async def test_an_admin_takes_back_no_offer_above_their_own(acme: Academy) -> None:
    owner, admin = await acme.owner(), await acme.with_role("admin")
    made = await owner.post("/invitations", {"email": GRACE, "role": "owner"})

    assert (await admin.delete(f"/invitations/{made.json()['id']}")).status_code == 403
    assert (await owner.delete(f"/invitations/{made.json()['id']}")).status_code == 204


async def test_a_revoked_invitation_is_dead(acme: Academy, post: Post) -> None:
    owner = await acme.owner()
    made = (await owner.post("/invitations", {"email": GRACE})).json()
    token = await post.token(Purpose.INVITATION)

    revoked = await owner.delete(f"/invitations/{made['id']}")
    body = {"token": token, "name": "Grace", "password": WORDS}

    assert revoked.status_code == 204
    assert (await acme.post("/invitations/accept", body)).status_code == 410
    assert await post.send((await post.requested())[-1]) is None
    assert (await owner.get(f"/invitations/{made['id']}")).json()["status"] == "revoked"
    again = await owner.post("/invitations", {"email": GRACE})
    assert again.status_code == 201


async def test_an_address_is_invited_once_at_a_time(acme: Academy) -> None:
    owner = await acme.owner()
    first = await owner.post("/invitations", {"email": GRACE})
    second = await owner.post("/invitations", {"email": GRACE.upper()})

    assert second.status_code == 409
    assert second.json()["type"].endswith("user.invitation_pending")
    assert first.status_code == 201


async def test_an_address_with_an_account_is_not_invited(acme: Academy) -> None:
    owner, ada = await acme.owner(), await acme.learner()

    answer = await owner.post("/invitations", {"email": ada.email.upper()})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("user.email_taken")


async def test_invitation_mail_and_page_say_the_same_end_which_is_the_true_one(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    owner = await acme.owner()
    made = (await owner.post("/invitations", {"email": GRACE})).json()
    week = TOKEN_LIFETIMES[Purpose.INVITATION]
    created_at = datetime.fromisoformat(made["created_at"])
    assert datetime.fromisoformat(made["expires_at"]) == created_at + week

    bench.clock.advance(seconds=86_400)
    owner = await acme.owner()
    mail = await post.last(Purpose.INVITATION)
    shown = (await owner.get(f"/invitations/{made['id']}")).json()
    page = await acme.get(f"/auth/confirm?token={mail.token}")

    assert mail.expires_at is not None
    assert mail.expires_at == datetime.fromisoformat(shown["expires_at"])
    assert abs(mail.expires_at - bench.clock.now() - week) < timedelta(minutes=1)
    assert f"{mail.expires_at:%B %-d, %Y}" in page.text

    bench.clock.advance(seconds=week.total_seconds() - 60)
    body = {"token": mail.token, "name": "Grace", "password": WORDS}
    assert (await acme.post("/invitations/accept", body)).status_code == 201


@pytest.mark.parametrize("lateness", [0, 3 * 86_400])
async def test_every_link_ends_when_its_own_mail_says(
    acme: Academy, post: Post, bench: UserBench, lateness: int
) -> None:
    await (await acme.owner()).post("/invitations", {"email": GRACE})
    first = await post.last(Purpose.INVITATION)
    bench.clock.advance(seconds=lateness)
    again = await post.last(Purpose.INVITATION)

    for mail in (first, again):
        assert mail.expires_at is not None
        bench.clock.advance(seconds=(mail.expires_at - bench.clock.now()).total_seconds())
        body = {"token": mail.token, "name": "Grace", "password": WORDS}
        assert (await acme.post("/invitations/accept", body)).status_code == 410


async def test_an_invitation_is_over_a_week_after_its_mail(
    acme: Academy, post: Post, bench: UserBench
) -> None:
    await (await acme.owner()).post("/invitations", {"email": GRACE})
    token = await post.token(Purpose.INVITATION)

    bench.clock.advance(seconds=TOKEN_LIFETIMES[Purpose.INVITATION].total_seconds())
    body = {"token": token, "name": "Grace", "password": WORDS}
    owner = await acme.owner()

    assert (await acme.post("/invitations/accept", body)).status_code == 410
    for _ in range(2):
        pending = (await owner.get("/invitations?status=pending")).json()["items"]
        expired = (await owner.get("/invitations?status=expired")).json()["items"]
        assert (len(pending), [one["status"] for one in expired]) == (0, ["expired"])
        await bench.run_schedule("prune")


@pytest.mark.parametrize("change", [{"role": "learner"}, {"status": "suspended"}])
async def test_whoever_may_do_less_has_offered_nothing(
    acme: Academy, post: Post, change: dict[str, str]
) -> None:
    owner, admin = await acme.owner(), await acme.with_role("admin")
    await admin.post("/invitations", {"email": GRACE, "role": "admin"})
    token = await post.token(Purpose.INVITATION)

    await owner.patch(f"/users/{admin.id}", change)

    body = {"token": token, "name": "Grace", "password": WORDS}
    assert (await acme.post("/invitations/accept", body)).status_code == 410


async def test_others_do_not_see_invitations(acme: Academy, globex: Academy) -> None:
    owner, ada, foreign = await acme.owner(), await acme.learner(), await globex.owner()
    made = (await owner.post("/invitations", {"email": GRACE})).json()

    assert (await ada.get("/invitations")).status_code in (200, 403)
    assert (await ada.get(f"/invitations/{made['id']}")).status_code in (403, 404)
    assert (await foreign.get(f"/invitations/{made['id']}")).status_code == 404
    assert (await acme.get("/invitations")).status_code == 401
