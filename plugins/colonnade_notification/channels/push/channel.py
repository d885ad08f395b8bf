"""Web push channel (RFC 8030): one encrypted message to each browser of a recipient."""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from functools import cache
from uuid import UUID

import httpx
from sqlalchemy import bindparam, delete, select

from colonnade.rows import prepare
from colonnade.store import Session
from colonnade_notification.addressing.addresses import Addresses
from colonnade_notification.addressing.keys import VAPID, key_of
from colonnade_notification.api import (
    Category,
    ChannelInfo,
    DeliveryOutcome,
    OutgoingMessage,
    Unreachable,
)
from colonnade_notification.channels.push.answers import (
    AnswerKind,
    Browser,
    PushAnswer,
    answer_of,
    outcome_of,
)
from colonnade_notification.channels.push.encryption import authorization, encrypt, payload_of
from colonnade_notification.channels.push.endpoints import EndpointRefused, pin
from colonnade_notification.config import NotificationConfig, NotificationContext
from colonnade_notification.models import PushSubscriptionRow

UNAUTHORIZED = "push_services"
"""The kind of fault of an academy whose signature push services refuse."""

PEOPLE = 3
"""People whose push services refuse our signature, with nobody reached in between, before that is
a fault of the academy: a single person can subscribe with another key."""

_MEND = (
    "See that services.notification.config.push.contact is an address of yours, and that front "
    "ends subscribe with the key of GET /api/v1/push-subscriptions/key."
)


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The certificate authorities that push services are checked against."""
    # Made once per process: reading the authorities takes longer than sending a message.
    return httpx.create_ssl_context()


_OF_USER = prepare(
    select(PushSubscriptionRow).where(PushSubscriptionRow.user_id == bindparam("user_id"))
)


class PushChannel:
    """Sends to every browser that the recipient subscribed with."""

    def __init__(self, ctx: NotificationContext, config: NotificationConfig) -> None:
        self.info = ChannelInfo(name="push", seconds=30.0)
        self._ctx = ctx
        self._config = config.push
        self._addresses = Addresses(ctx, config)
        self._tls = trusted_authorities()
        self._unauthorized: dict[str, set[UUID]] = {}

    async def reaches(self, user_id: UUID) -> bool:
        """True when they subscribed with any browser."""
        return bool(await self._browsers(user_id))

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        """Send to each browser; expired ones are deleted, those that failed are tried again."""
        browsers = await self._browsers(message.recipient.user_id)
        if message.targets is not None:
            browsers = [one for one in browsers if str(one.id) in message.targets]
        if not browsers:
            return Unreachable("There is no browser to send to.")
        key = await key_of(self._ctx, VAPID)
        answers = await asyncio.gather(*(self._send_to(one, message, key) for one in browsers))
        await self._remove(
            [answer.browser.id for answer in answers if answer.kind is AnswerKind.GONE]
        )
        self._note(answers, message.recipient.user_id)
        return outcome_of(answers)

    def _note(self, answers: Sequence[PushAnswer], user_id: UUID) -> None:
        """Report that push services refuse what this academy signs, and withdraw it when one
        takes it again."""
        tenant = self._ctx.tenant().id
        if any(answer.kind is AnswerKind.SENT for answer in answers):
            self._unauthorized.pop(tenant, None)
            self._ctx.faults.withdraw(UNAUTHORIZED, tenant=tenant)
            return
        problems = [answer.problem for answer in answers if answer.kind is AnswerKind.UNAUTHORIZED]
        people = self._unauthorized.setdefault(tenant, set())
        if problems and len(people) < PEOPLE:
            people.add(user_id)
        if problems and len(people) == PEOPLE:
            self._ctx.faults.report(UNAUTHORIZED, problems[0], mend=_MEND, tenant=tenant)

    async def _browsers(self, user_id: UUID) -> list[Browser]:
        def work(session: Session) -> list[Browser]:
            return [
                Browser(row.id, row.endpoint, row.p256dh, row.auth)
                for row in session.scalars(_OF_USER, {"user_id": user_id})
            ]

        return await self._ctx.store.read(work)

    async def _remove(self, expired: Sequence[UUID]) -> None:
        if expired:
            statement = delete(PushSubscriptionRow).where(PushSubscriptionRow.id.in_(expired))

            def work(session: Session) -> None:
                session.execute(statement)

            await self._ctx.store.run(work)

    async def _send_to(self, browser: Browser, message: OutgoingMessage, key: bytes) -> PushAnswer:
        try:
            async with asyncio.timeout(float(self._config.timeout)):
                return await self._post(browser, message, key)
        except EndpointRefused as error:
            return PushAnswer(browser, AnswerKind.REFUSED, f"The endpoint {error}.")
        except TimeoutError:
            return PushAnswer(browser, AnswerKind.LATER, "The push service did not answer in time.")
        except (httpx.HTTPError, OSError) as error:
            return self._failed(
                browser, AnswerKind.LATER, "The push service cannot be reached.", error
            )
        except Exception as error:
            problem = "The push service's answer cannot be read."
            return self._failed(browser, AnswerKind.LATER, problem, error)

    def _failed(
        self, browser: Browser, kind: AnswerKind, problem: str, error: Exception
    ) -> PushAnswer:
        """The answer that the academy's people may read; the log keeps the error."""
        self._ctx.log.warning("push failed", subscription=str(browser.id), error=error)
        return PushAnswer(browser, kind, problem)

    async def _post(self, browser: Browser, message: OutgoingMessage, key: bytes) -> PushAnswer:
        endpoint = await pin(browser.endpoint, private=self._config.private_endpoints)
        now = self._ctx.clock.now()
        try:
            body = encrypt(_payload(message), browser.p256dh, browser.auth)
        except Exception as error:
            # Whatever the libraries make of a point that is none, no later try makes it one.
            return self._failed(
                browser, AnswerKind.REFUSED, "The browser's keys cannot be used.", error
            )
        signature = authorization(key, endpoint.origin, self._addresses.contact(), now)
        headers = {
            "Host": endpoint.authority,
            "Authorization": signature,
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
            return answer_of(browser, response, now)


def _payload(message: OutgoingMessage) -> bytes:
    blocks = [block.strip() for block in message.text.split("\n\n") if block.strip()]
    body = blocks[1] if len(blocks) > 1 else blocks[0] if blocks else ""
    return payload_of(str(message.id), message.subject, body, message.link)


def _topic(identifier: UUID) -> str:
    """RFC 8030 §5.4: a second message of a topic replaces the first while it waits."""
    return base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode()
