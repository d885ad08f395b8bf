"""Answers of push services (RFC 8030 §7), and the outcome that follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from uuid import UUID

import httpx

from colonnade_notification.api import DeliveryOutcome, Postponed, Refused, Sent, Unreachable

_GONE = (404, 410)
"""RFC 8030 §7.3: the subscription has expired."""

_UNAUTHORIZED = (401, 403)
"""RFC 8292 §4.2: the service refuses our signature, or refuses it for this subscription."""


@dataclass(frozen=True, slots=True)
class Browser:
    """A push subscription: its endpoint, and the keys of RFC 8291 in base64url."""

    id: UUID
    endpoint: str
    p256dh: str
    auth: str


class AnswerKind(StrEnum):
    """Kinds of answers: two are final for the message, one for the subscription."""

    SENT = "sent"
    GONE = "gone"
    """The subscription has expired."""
    REFUSED = "refused"
    UNAUTHORIZED = "unauthorized"
    """Refused for the academy's signature."""
    LATER = "later"
    """To be tried again."""


_REFUSALS = (AnswerKind.REFUSED, AnswerKind.UNAUTHORIZED)


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """The answer of one push service. `after` is the wait that it asked for."""

    browser: Browser
    kind: AnswerKind
    problem: str = ""
    after: timedelta | None = None


def answer_of(browser: Browser, response: httpx.Response, now: datetime) -> PushAnswer:
    """Classify a push service's response."""
    status = response.status_code
    if 200 <= status < 300:
        return PushAnswer(browser, AnswerKind.SENT)
    problem = f"The push service answered {status}."
    if status in _GONE:
        return PushAnswer(browser, AnswerKind.GONE, problem)
    if 300 <= status < 400:
        return PushAnswer(browser, AnswerKind.REFUSED, f"The push service redirects ({status}).")
    if status in _UNAUTHORIZED:
        signed = f"The push service answered {status} to the academy's signature (VAPID)."
        return PushAnswer(browser, AnswerKind.UNAUTHORIZED, signed)
    if status == 429 or status >= 500:
        return PushAnswer(browser, AnswerKind.LATER, problem, retry_after(response, now))
    return PushAnswer(browser, AnswerKind.REFUSED, problem)


_LONGEST_WAIT = timedelta(days=1)
"""The most that a push service's `Retry-After` counts for."""


def retry_after(response: httpx.Response, now: datetime) -> timedelta | None:
    """The wait that `Retry-After` asks for, in seconds or by a date (RFC 9110 §10.2.3), a day at
    most; None where it is absent or cannot be read."""
    text = response.headers.get("retry-after", "")[:64].strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return min(max(aware - now, timedelta()), _LONGEST_WAIT)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def outcome_of(answers: Sequence[PushAnswer]) -> DeliveryOutcome:
    """The outcome of a message that went to several browsers: postponed for those to be tried
    again, else sent when any took it."""
    later = [answer for answer in answers if answer.kind is AnswerKind.LATER]
    if later:
        waits = [answer.after for answer in later if answer.after is not None]
        targets = tuple(str(answer.browser.id) for answer in later)
        return Postponed(later[0].problem, max(waits, default=None), targets)
    if any(answer.kind is AnswerKind.SENT for answer in answers):
        return Sent()
    refused = [answer for answer in answers if answer.kind in _REFUSALS]
    if refused:
        return Refused(refused[0].problem)
    return Unreachable("Every browser's subscription had expired.")
