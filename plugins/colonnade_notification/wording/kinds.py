"""The kinds of messages there are: what each is about, and what its template is filled with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colonnade_notification.api import Category
from colonnade_user.api import Purpose


@dataclass(frozen=True, slots=True)
class KindOfMessage:
    """A kind of message. `sample` is what a preview is filled with, beside what every message
    has; `path` where its link leads, in the academy's web face. A kind that `confirms` goes by
    mail alone, to the address that the user service names when it goes out. A `decision` is news to
    whom it concerns, and none to whoever took it: nobody is told of what they did themselves. What
    confirms an act (an enrolment, a receipt) or warns of one (a new password) is told all the same.
    """

    name: str
    category: Category
    sample: Mapping[str, Any]
    path: str = "/"
    confirms: bool = False
    decision: bool = False


_COURSE = {"course": {"id": "", "title": "Open Science"}}
_MONEY = {"amount": 4900, "currency": "EUR"}
_DIGEST = {
    "items": [
        {"title": "You are enrolled in Open Science", "text": "You can start right away."},
        {"title": "You have completed Python", "text": "Congratulations."},
    ],
    "more": 0,
}


def _confirmation(purpose: Purpose) -> dict[str, Any]:
    expiry = {"expires_at": "2026-03-02T17:30:00+00:00"} if purpose.has_token else {}
    return {"role": "learner", **expiry} if purpose is Purpose.INVITATION else expiry


KINDS: dict[str, KindOfMessage] = {
    kind.name: kind
    for kind in (
        KindOfMessage("welcome", Category.ACCOUNT, {}),
        KindOfMessage("role_changed", Category.SECURITY, {"role": "instructor"}, decision=True),
        KindOfMessage("account_suspended", Category.SECURITY, {}, decision=True),
        KindOfMessage("account_reinstated", Category.SECURITY, {}, decision=True),
        KindOfMessage("password_changed", Category.SECURITY, {}),
        KindOfMessage("session_stolen", Category.SECURITY, {}),
        *(
            KindOfMessage(
                purpose,
                Category.SECURITY,
                _confirmation(purpose),
                confirms=True,
            )
            for purpose in Purpose
        ),
        KindOfMessage("enrollment_activated", Category.LEARNING, _COURSE, "/courses/{course}"),
        KindOfMessage("enrollment_completed", Category.LEARNING, _COURSE, "/courses/{course}"),
        KindOfMessage(
            "enrollment_ended", Category.LEARNING, _COURSE, "/courses/{course}", decision=True
        ),
        KindOfMessage(
            "instructor_added", Category.TEACHING, _COURSE, "/courses/{course}", decision=True
        ),
        KindOfMessage(
            "instructor_removed", Category.TEACHING, _COURSE, "/courses/{course}", decision=True
        ),
        KindOfMessage("payment_captured", Category.RECEIPTS, {**_COURSE, "amount": _MONEY}),
        KindOfMessage(
            "payment_declined",
            Category.RECEIPTS,
            {**_COURSE, "amount": _MONEY, "reason": "The card was declined."},
        ),
        KindOfMessage("payment_refunded", Category.RECEIPTS, {**_COURSE, "amount": _MONEY}),
        KindOfMessage(
            "purchase_undelivered",
            Category.RECEIPTS,
            {
                **_COURSE,
                "amount": _MONEY,
                "reason": "The course was deleted before it could begin.",
            },
        ),
        KindOfMessage("payout_paid", Category.RECEIPTS, {"amount": _MONEY}),
        KindOfMessage("digest", Category.ACCOUNT, _DIGEST),
    )
}

DIGEST = "digest"


def sample_of(kind: KindOfMessage, academy: str, locale: str, timezone: str) -> dict[str, Any]:
    """Everything a preview of `kind` is filled with."""
    return {
        **kind.sample,
        "person": {"name": "Ada Lovelace"},
        "academy": {"name": academy},
        "happened_at": "2026-03-01T17:30:00+00:00",
        "locale": locale,
        "timezone": timezone,
    }
