"""Kinds of messages: the category, link and sample facts of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from colonnade_notification.api import Category
from colonnade_user.api import Purpose


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A kind of message.

    `sample` has the facts of a preview, beside those of every message; `path` is the path of its
    link in the academy's web face. A kind that `confirms` goes by mail alone, to the address that
    the user service names when it goes out. A `decision` is not announced to the person who took
    it. Messages that confirm an act (an enrolment, a receipt) or warn of one (a new password) go to
    the person who acted as well. `own_category` names the one of its plugin's own, if it has one.
    """

    name: str
    category: Category
    sample: Mapping[str, Any]
    path: str = "/"
    confirms: bool = False
    decision: bool = False
    own_category: str = ""


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


KINDS: dict[str, MessageKind] = {
    kind.name: kind
    for kind in (
        MessageKind("welcome", Category.ACCOUNT, {}),
        MessageKind("role_changed", Category.SECURITY, {"role": "instructor"}, decision=True),
        MessageKind("account_suspended", Category.SECURITY, {}, decision=True),
        MessageKind("account_reinstated", Category.SECURITY, {}, decision=True),
        MessageKind("password_changed", Category.SECURITY, {}),
        MessageKind("session_stolen", Category.SECURITY, {}),
        *(
            MessageKind(
                purpose,
                Category.SECURITY,
                _confirmation(purpose),
                confirms=True,
            )
            for purpose in Purpose
        ),
        MessageKind("enrollment_activated", Category.LEARNING, _COURSE, "/courses/{course}"),
        MessageKind("enrollment_completed", Category.LEARNING, _COURSE, "/courses/{course}"),
        MessageKind(
            "enrollment_ended", Category.LEARNING, _COURSE, "/courses/{course}", decision=True
        ),
        MessageKind(
            "instructor_added", Category.TEACHING, _COURSE, "/courses/{course}", decision=True
        ),
        MessageKind(
            "instructor_removed", Category.TEACHING, _COURSE, "/courses/{course}", decision=True
        ),
        MessageKind("payment_captured", Category.RECEIPTS, {**_COURSE, "amount": _MONEY}),
        MessageKind(
            "payment_declined",
            Category.RECEIPTS,
            {**_COURSE, "amount": _MONEY, "reason": "The card was declined."},
        ),
        MessageKind("payment_refunded", Category.RECEIPTS, {**_COURSE, "amount": _MONEY}),
        MessageKind(
            "purchase_undelivered",
            Category.RECEIPTS,
            {
                **_COURSE,
                "amount": _MONEY,
                "reason": "The course was deleted before it could begin.",
            },
        ),
        MessageKind("payout_paid", Category.RECEIPTS, {"amount": _MONEY}),
        MessageKind("digest", Category.ACCOUNT, _DIGEST),
    )
}

DIGEST = "digest"


def sample_of(kind: MessageKind, academy: str, locale: str, timezone: str) -> dict[str, Any]:
    """The facts that a preview of `kind` is filled with."""
    return {
        **kind.sample,
        "person": {"name": "Ada Lovelace"},
        "academy": {"name": academy},
        "happened_at": "2026-03-01T17:30:00+00:00",
        "locale": locale,
        "timezone": timezone,
    }
