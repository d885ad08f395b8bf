"""What happens in an academy reaches its people: in the app, and as mail under var/mail."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from colonnade_notification.wording.kinds import KINDS
from colonnade_notification.wording.templates import PLATFORM_LOCALES
from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import (
    buy,
    learner,
    letter,
    owner,
    published_course,
    refund,
    told,
    until,
)

pytestmark = pytest.mark.journey

WORDED = len(KINDS) * len(PLATFORM_LOCALES)
"""Kinds of messages in every language of the platform."""


async def test_a_newcomer_is_welcomed_in_the_app_and_by_mail(
    platform: RunningPlatform, declaration: Path
) -> None:
    ada = await learner(platform.url, "acme", "ada")
    welcome = await told(ada, "welcome")
    assert welcome["title"] == "Welcome to Acme Academy"
    assert "Hello Ada" in welcome["body"]
    mail = await letter(
        declaration.parent / "var/mail/acme", lambda m: "ada@learners.example" in m["To"]
    )
    assert mail["Subject"] == "Welcome to Acme Academy"
    assert mail["From"] == "Acme Academy <no-reply@acme.localhost>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_reading_one_and_all(platform: RunningPlatform) -> None:
    staff = await owner(platform.url, "acme")
    ada = await learner(platform.url, "acme", "ada")
    first = await told(ada, "welcome")
    course, _ = await published_course(staff, "Python")
    assert (await ada.post("/enrollments", json={"course_id": course})).status_code == 201
    enrolled = await told(ada, "enrollment_activated")
    assert enrolled["title"] == "You are enrolled in Python"
    port = urlsplit(platform.url).port
    assert enrolled["link"] == f"http://acme.localhost:{port}/courses/{course}"
    assert (await ada.get("/notifications/unread-count")).json() == {"unread": 2}
    read = (await ada.post(f"/notifications/{first['id']}/read")).json()
    again = (await ada.post(f"/notifications/{first['id']}/read")).json()
    assert read["read_at"] == again["read_at"] is not None
    assert (await ada.get("/notifications/unread-count")).json() == {"unread": 1}
    unread = (await ada.get("/notifications", params={"unread": "true"})).json()["items"]
    assert [item["kind"] for item in unread] == ["enrollment_activated"]
    assert (await ada.post("/notifications/read-all")).json() == {"unread": 0}
    assert (await ada.get("/notifications/unread-count")).json() == {"unread": 0}


async def test_nobody_is_told_of_what_they_did_themselves(platform: RunningPlatform) -> None:
    staff = await owner(platform.url, "acme")
    ada = await learner(platform.url, "acme", "ada")
    me = (await ada.get("/users/me")).json()["id"]
    course, _ = await published_course(staff, "Python")
    made = await ada.post("/enrollments", json={"course_id": course})
    assert made.status_code == 201
    left = await ada.post(f"/enrollments/{made.json()['id']}/end")
    assert left.status_code == 200, left.text
    raised = await staff.patch(f"/users/{me}", json={"role": "instructor"})
    assert raised.status_code == 200, raised.text
    added = await staff.post(f"/courses/{course}/instructors", json={"user_id": me})
    assert added.status_code == 201, added.text
    await told(ada, "instructor_added")
    await told(ada, "role_changed")
    items = (await ada.get("/notifications")).json()["items"]
    assert "enrollment_ended" not in [item["kind"] for item in items]
    # The owner's own doings, all before that: none of them is news to the owner.
    mine = (await staff.get("/notifications")).json()["items"]
    assert [item["kind"] for item in mine] == ["welcome"]


async def test_nobody_sees_what_somebody_else_was_told(platform: RunningPlatform) -> None:
    ada, bob = [await learner(platform.url, "acme", name) for name in ("ada", "bob")]
    welcome = await told(ada, "welcome")
    await told(bob, "welcome")
    assert (await bob.get(f"/notifications/{welcome['id']}")).status_code == 404
    assert (await bob.post(f"/notifications/{welcome['id']}/read")).status_code == 404
    staff = await owner(platform.url, "acme")
    assert (await staff.get(f"/notifications/{welcome['id']}")).status_code == 404
    kinds = [item["title"] for item in (await bob.get("/notifications")).json()["items"]]
    assert kinds == ["Welcome to Acme Academy"]


async def test_one_click_in_a_mail_turns_its_category_off_and_looking_does_not(
    platform: RunningPlatform, declaration: Path
) -> None:
    ada = await learner(platform.url, "acme", "ada")
    mail = await letter(declaration.parent / "var/mail/acme", lambda m: "ada@" in m["To"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(mail["List-Unsubscribe"].strip("<>"))
    assert address.netloc == f"acme.localhost:{urlsplit(platform.url).port}"
    async with platform.client("acme") as stranger:
        path = address.path.removeprefix("/api/v1")
        page = await stranger.get(path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        before = (await ada.get("/notifications/preferences")).json()
        assert before["channels"]["email"]["account"] == "immediately"
        clicked = await stranger.post(path, data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200, clicked.text
    after = (await ada.get("/notifications/preferences")).json()
    assert after["channels"]["email"]["account"] == "off"
    assert after["channels"]["in_app"]["account"] == "immediately"


async def test_an_academys_own_words_and_the_readers_language(
    platform: RunningPlatform, declaration: Path
) -> None:
    staff = await owner(platform.url, "acme")
    course, _ = await published_course(staff, "Python")
    own = {"subject": "Servus {{ person.name }}: {{ course.title }}", "text": "Auf geht's!"}
    written = await staff.put("/templates/enrollment_activated/de-AT", json=own)
    assert written.status_code == 200, written.text
    ada, bob = [await learner(platform.url, "acme", name) for name in ("ada", "bob")]
    for person, locale in ((ada, "de-AT"), (bob, "de")):
        answer = await person.patch("/notifications/preferences", json={"locale": locale})
        assert answer.status_code == 200, answer.text
        assert (await person.post("/enrollments", json={"course_id": course})).status_code == 201
    assert (await told(ada, "enrollment_activated"))["title"] == "Servus Ada: Python"
    german = await told(bob, "enrollment_activated")
    assert german["title"] == "Sie sind in Python eingeschrieben"


async def test_who_leaves_takes_their_notifications_along(platform: RunningPlatform) -> None:
    staff = await owner(platform.url, "acme")
    ada = await learner(platform.url, "acme", "ada")
    await told(ada, "welcome")
    me = (await ada.get("/users/me")).json()["id"]
    kept = await staff.get("/deliveries", params={"user_id": me})
    assert {item["channel"] for item in kept.json()["items"]} == {"in_app", "email"}
    assert (await staff.delete(f"/users/{me}")).status_code == 204
    await until(staff, f"/deliveries?user_id={me}", lambda page: page["items"] == [])


async def test_a_buyer_gets_a_receipt_and_one_who_was_declined_hears_of_it(
    platform: RunningPlatform, declaration: Path
) -> None:
    staff = await owner(platform.url, "acme")
    course, _ = await published_course(staff, "Python", price={"amount": 4900, "currency": "EUR"})
    ada, bob = [await learner(platform.url, "acme", name) for name in ("ada", "bob")]
    for buyer, method in ((ada, "tok_ok"), (bob, "tok_declined")):
        assert (await buy(buyer, course, method)).status_code == 202
    receipt = await told(ada, "payment_captured")
    assert (receipt["title"], receipt["category"]) == ("Your payment of €49.00", "receipts")
    assert 'for "Python"' in receipt["body"]
    await told(ada, "enrollment_activated")
    declined = await told(bob, "payment_declined")
    assert "You have not been charged." in declined["body"]
    mail = await letter(
        declaration.parent / "var/mail/acme", lambda m: m["Subject"] == receipt["title"]
    )
    assert mail["List-Unsubscribe"] is None
    payment = (await ada.get("/payments")).json()["items"][0]["id"]
    assert (await refund(staff, payment, 900)).status_code == 202
    assert (await told(ada, "payment_refunded"))["title"] == "You get €9.00 back"


async def test_templates_are_for_those_who_run_the_academy(platform: RunningPlatform) -> None:
    staff = await owner(platform.url, "acme")
    listed = []
    following: str | None = "/templates?limit=7"
    while following:
        page = (await staff.get(following)).json()
        listed += page["items"]
        cursor = page["next_cursor"]
        following = f"/templates?limit=7&cursor={cursor}" if cursor else None
    assert len(listed) == len({(item["kind"], item["locale"]) for item in listed}) == WORDED
    assert not any(item["custom"] for item in listed)

    path = "/templates/welcome/de"
    wrong = {"subject": "{{ persn.name }}", "text": "{% for i in range(9) %}x{% endfor %}"}
    for refused in (
        await staff.put(path, json=wrong),
        await staff.post(f"{path}/preview", json=wrong),
    ):
        assert refused.status_code == 422, refused.text
        assert [item["pointer"] for item in refused.json()["errors"]] == ["/subject", "/text"]
    assert "there is no 'persn' here" in refused.text
    assert (await staff.get(path)).json()["custom"] is False, "what is refused leaves no trace"

    own = {
        "subject": "Hi {{ person.name }}",
        "text": "Hi",
        "html": "<p onclick=alert(1)>Hi {{ person.name }}<script>alert(1)</script></p>",
    }
    preview = (await staff.post(f"{path}/preview", json=own)).json()
    assert (preview["subject"], preview["html"]) == ("Hi Ada Lovelace", "<p>Hi Ada Lovelace</p>")
    written = await staff.put(path, json=own)
    assert (written.status_code, written.headers["etag"]) == (200, '"1"')
    assert (await staff.get("/templates/welcome/de-AT")).json()["subject"] == own["subject"]
    stale = await staff.put(path, json=own, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await staff.delete(path)).status_code == 204
    assert (await staff.delete(path)).status_code == 404
    assert (await staff.get(path)).json()["custom"] is False

    ada = await learner(platform.url, "acme", "ada")
    for answer in (
        await ada.get("/templates"),
        await ada.put(path, json=own),
        await ada.get("/deliveries"),
        await ada.get("/suppressions"),
    ):
        assert answer.status_code == 403
    assert (await staff.put("/templates/no_such_kind/de", json=own)).status_code == 404
    assert (await staff.put("/templates/welcome/not_a_language", json=own)).status_code == 404


async def test_what_cannot_be_read_is_refused_with_a_pointer(platform: RunningPlatform) -> None:
    ada = await learner(platform.url, "acme", "ada")
    for body, pointer in (
        ({"locale": "klingon!"}, "/locale"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"quiet_hours": {"start": "25:00", "end": "07:00"}}, "/quiet_hours/start"),
        ({"digest": {"hour": 24}}, "/digest/hour"),
        ({"digest": None}, "/digest"),
        ({"channels": {"email": {"learning": "sometimes"}}}, "/channels/email/learning"),
        ({"channels": {"pigeon": {"learning": "off"}}}, "/channels/pigeon"),
        ({"colour": "red"}, "/colour"),
    ):
        answer = await ada.patch("/notifications/preferences", json=body)
        assert answer.status_code == 422, (body, answer.text)
        assert pointer in [item["pointer"] for item in answer.json()["errors"]], answer.text
    off = {"channels": {"email": {"security": "off"}}}
    answer = await ada.patch("/notifications/preferences", json=off)
    assert (answer.status_code, answer.json()["code"]) == (409, "notification.mandatory_category")
    inward = {"endpoint": "https://169.254.169.254/x", "keys": {"p256dh": "A", "auth": "B"}}
    answer = await ada.post("/push-subscriptions", json=inward)
    assert answer.status_code == 422
    assert (await ada.get("/push-subscriptions")).json()["items"] == []
    stranger = platform.client("acme")
    for method in ("GET", "POST"):
        answer = await stranger.request(method, "/notifications/unsubscribe/not-a-link-of-ours-000")
        assert (answer.status_code, answer.json()["code"]) == (404, "notification.unknown_token")
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        page = await stranger.request(
            method, "/notifications/unsubscribe/not-a-link-of-ours-000", headers=browser
        )
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "was not made by this academy" in page.text
