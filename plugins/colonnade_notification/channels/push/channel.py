"""The web push channel (RFC 8030): one encrypted message to each of somebody's browsers."""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from uuid import UUID

import httpx
from sqlalchemy import delete, select

from colonnade.store import Session
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.addressing.keys import VAPID, key_of
from colonnade_notification.api import (
    Category,
    ChannelInfo,
    Outcome,
    OutgoingMessage,
    Postponed,
    Refused,
    Sent,
    Unreachable,
)
from colonnade_notification.channels.push.encryption import authorization, encrypt, payload_of
from colonnade_notification.channels.push.endpoints import EndpointRefused, pin
from colonnade_notification.config import NotificationConfig, NotificationContext
from colonnade_notification.models import PushSubscriptionRow

_GONE = (404, 410)
"""RFC 8030 §7.3: the subscription has expired."""

_UNAUTHORIZED = (401, 403)
"""RFC 8292 §4.2: the service does not take what we signed, or not for this subscription."""

UNAUTHORIZED = "push_services"
"""The kind of fault of an academy whose signature push services refuse."""

PEOPLE = 3
"""People whose push services refuse our signature, with nobody reached in between, before that
says something of the academy: anybody can subscribe with another key."""

_MEND = (
    "See that services.notification.config.push.contact is an address of yours, and that front "
    "ends subscribe with the key of GET /api/v1/push-subscriptions/key."
)


@dataclass(frozen=True, slots=True)
class _Browser:
    id: UUID
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one push service said: `sent`, `gone` for good, `refused` for good or as
    `unauthorized`, or `later`."""

    browser: _Browser
    kind: str
    problem: str = ""
    after: timedelta | None = None


@cache
def _trusted() -> ssl.SSLContext:
    # Made once per process: reading the authorities takes longer than sending a message.
    return httpx.create_ssl_context()


class PushChannel:
    """Sends to every browser that somebody subscribed with."""

    def __init__(self, ctx: NotificationContext, config: NotificationConfig) -> None:
        self.info = ChannelInfo(name="push", seconds=30.0)
        self._ctx = ctx
        self._config = config.push
        self._addresses = Addresses(ctx, config)
        self._tls = _trusted()
        self._unauthorized: dict[str, set[UUID]] = {}

    async def reaches(self, user_id: UUID) -> bool:
        """Whether they subscribed with any browser."""
        return bool(await self._browsers(user_id))

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Send to each browser; those that expired are removed, those that failed come again."""
        browsers = await self._browsers(message.recipient.user_id)
        if message.targets is not None:
            browsers = [one for one in browsers if str(one.id) in message.targets]
        if not browsers:
            return Unreachable("There is no browser to send to.")
        key = await key_of(self._ctx, VAPID)
        answers = await asyncio.gather(*(self._send_to(one, message, key) for one in browsers))
        await self._remove([answer.browser.id for answer in answers if answer.kind == "gone"])
        self._note(answers, message.recipient.user_id)
        return _outcome(answers)

    def _note(self, answers: Sequence[_Answer], user_id: UUID) -> None:
        """Tell operators when push services refuse what this academy signs, and when one takes
        it again."""
        tenant = self._ctx.tenant().id
        if any(answer.kind == "sent" for answer in answers):
            self._unauthorized.pop(tenant, None)
            self._ctx.faults.withdraw(UNAUTHORIZED, tenant=tenant)
            return
        problems = [answer.problem for answer in answers if answer.kind == "unauthorized"]
        people = self._unauthorized.setdefault(tenant, set())
        if problems and len(people) < PEOPLE:
            people.add(user_id)
        if problems and len(people) == PEOPLE:
            self._ctx.faults.report(UNAUTHORIZED, problems[0], mend=_MEND, tenant=tenant)

    async def _browsers(self, user_id: UUID) -> list[_Browser]:
        query = select(PushSubscriptionRow).where(PushSubscriptionRow.user_id == user_id)

        def work(session: Session) -> list[_Browser]:
            return [
                _Browser(row.id, row.endpoint, row.p256dh, row.auth)
                for row in session.scalars(query)
            ]

        return await self._ctx.store.read(work)

    async def _remove(self, expired: Sequence[UUID]) -> None:
        if expired:
            statement = delete(PushSubscriptionRow).where(PushSubscriptionRow.id.in_(expired))

            def work(session: Session) -> None:
                session.execute(statement)

            await self._ctx.store.run(work)

    async def _send_to(self, browser: _Browser, message: OutgoingMessage, key: bytes) -> _Answer:
        try:
            async with asyncio.timeout(float(self._config.timeout)):
                return await self._post(browser, message, key)
        except EndpointRefused as error:
            return _Answer(browser, "refused", f"The endpoint {error}.")
        except TimeoutError:
            return _Answer(browser, "later", "The push service did not answer in time.")
        except (httpx.HTTPError, OSError) as error:
            return self._failed(browser, "later", "The push service cannot be reached.", error)
        except Exception as error:
            problem = "The push service's answer cannot be read."
            return self._failed(browser, "later", problem, error)

    def _failed(self, browser: _Browser, kind: str, problem: str, error: Exception) -> _Answer:
        """The answer that people of the academy may read; the log keeps what was raised."""
        self._ctx.log.warning("push failed", subscription=str(browser.id), error=error)
        return _Answer(browser, kind, problem)

    async def _post(self, browser: _Browser, message: OutgoingMessage, key: bytes) -> _Answer:
        endpoint = await pin(browser.endpoint, private=self._config.private_endpoints)
        now = self._ctx.clock.now()
        try:
            body = encrypt(_payload(message), browser.p256dh, browser.auth)
        except Exception as error:
            # Whatever the libraries make of a point that is none, no later try makes it one.
            return self._failed(browser, "refused", "The browser's keys cannot be used.", error)
        signed = authorization(key, endpoint.origin, self._addresses.contact(), now)
        headers = {
            "Host": endpoint.authority,
            "Authorization": signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(self._config.lifetime)),
            "Urgency": "high" if message.category is Category.SECURITY else "normal",
            "Topic": _topic(message.id),
        }
        # No redirect, no proxy of the environment: only the address that was looked at.
        async with (
            httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                verify=self._tls,
                timeout=float(self._config.timeout),
            ) as client,
            client.stream(
                "POST",
                endpoint.url,
                content=body,
                headers=headers,
                extensions={"sni_hostname": endpoint.host},
            ) as response,
        ):
            return _judged(browser, response, now)


def _payload(message: OutgoingMessage) -> bytes:
    blocks = [block.strip() for block in message.text.split("\n\n") if block.strip()]
    body = blocks[1] if len(blocks) > 1 else blocks[0] if blocks else ""
    return payload_of(str(message.id), message.subject, body, message.link)


def _topic(identifier: UUID) -> str:
    """RFC 8030 §5.4: a second message of a topic replaces the first while it waits."""
    return base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode()


def _judged(browser: _Browser, response: httpx.Response, now: datetime) -> _Answer:
    status = response.status_code
    if 200 <= status < 300:
        return _Answer(browser, "sent")
    problem = f"The push service answered {status}."
    if status in _GONE:
        return _Answer(browser, "gone", problem)
    if 300 <= status < 400:
        return _Answer(browser, "refused", f"The push service redirects ({status}).")
    if status in _UNAUTHORIZED:
        signed = f"The push service answered {status} to the academy's signature (VAPID)."
        return _Answer(browser, "unauthorized", signed)
    if status == 429 or status >= 500:
        return _Answer(browser, "later", problem, _retry_after(response, now))
    return _Answer(browser, "refused", problem)


_LONGEST_WAIT = timedelta(days=1)
"""However long a push service wants to be left alone."""


def _retry_after(response: httpx.Response, now: datetime) -> timedelta | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    text = response.headers.get("retry-after", "")[:64].strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return min(max(aware - now, timedelta()), _LONGEST_WAIT)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _outcome(answers: Sequence[_Answer]) -> Outcome:
    later = [answer for answer in answers if answer.kind == "later"]
    if later:
        waits = [answer.after for answer in later if answer.after is not None]
        targets = tuple(str(answer.browser.id) for answer in later)
        return Postponed(later[0].problem, max(waits, default=None), targets)
    if any(answer.kind == "sent" for answer in answers):
        return Sent()
    refused = [answer for answer in answers if answer.kind in ("refused", "unauthorized")]
    if refused:
        return Refused(refused[0].problem)
    return Unreachable("Every browser's subscription had expired.")
