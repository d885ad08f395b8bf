"""The sandbox as a `PaymentProvider`; its file is used on a thread of its own."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from colonnade.clock import Clock
from colonnade.crash_points import crash_point, reach
from colonnade.money import Money
from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderNotice,
    ProviderRecord,
    ProviderRequest,
)
from colonnade_payment.providers.signatures import verify_signature
from colonnade_payment.sandbox.behaviour import Behaviour, behaviour_of
from colonnade_payment.sandbox.file import Act, SandboxFile
from colonnade_payment.sandbox.webhook_sender import Destination, WebhookSender
from colonnade_payment.sandbox.webhooks import read_notice

T = TypeVar("T")

NAME = "sandbox"

ACTED = crash_point("sandbox.acted", "the provider has acted durably; nobody has been told")


class SandboxProvider:
    """Provider that moves no money, see `colonnade_payment.api.PaymentProvider`.

    `slow`, `late` and `tolerance` are in seconds. Without a `destination` no webhooks are sent.
    """

    name = NAME

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        slow: float,
        late: float,
        tolerance: float,
        secret: Callable[[], str] | None = None,
        destination: Destination | None = None,
        log: Any = None,
    ) -> None:
        self._file = SandboxFile(path)
        self._clock = clock
        self._slow = slow
        self._late = late
        self._tolerance = tolerance
        self.secret = secret or self._own_secret
        self._made_up = self._file.secret()
        self._webhooks = None if destination is None else WebhookSender(self, destination, log)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sandbox-provider")

    async def perform(self, request: ProviderRequest) -> ProviderRecord:
        """Act once per key, as the method's behaviour says."""
        act, behaviour = await self._on_thread(self._perform, request)
        action = request.action
        if self._webhooks is not None:
            self._webhooks.wake()
        if act is None or action in behaviour.silent or action in behaviour.late:
            await asyncio.Event().wait()
        assert act is not None
        if action in behaviour.slow:
            await asyncio.sleep(self._slow)
        return act.record

    async def find(self, request: ProviderRequest) -> ProviderRecord | None:
        """Find the record of a request; one that will take effect later is not known yet."""
        act = await self._on_thread(self._file.by_key, request.key)
        if act is None or act.effective_at > self._clock.now().timestamp():
            return None
        return act.record

    async def acts(self, payment: str) -> Sequence[Act]:
        """List the acts for a payment, in order, as a person would look them up."""
        return await self._on_thread(self._file.of_payment, payment)

    def notices(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[ProviderNotice]:
        """Read a webhook of the sandbox."""
        verify_signature(self.secret(), headers, body, now, tolerance=self._tolerance)
        return [read_notice(headers["webhook-id"], body)]

    def now(self) -> datetime:
        """Tell the time of the sandbox's clock."""
        return self._clock.now()

    async def unannounced(self, limit: int = 100) -> Sequence[Act]:
        """List acts that no webhook has arrived for."""
        return await self._on_thread(self._file.unannounced, self._clock.now().timestamp(), limit)

    async def mark_announced(self, acts: Sequence[Act]) -> None:
        """Record that webhooks for these acts have arrived."""
        await self._on_thread(self._file.mark_announced, [act.number for act in acts])

    async def close(self) -> None:
        """Let the last request end, and close the file."""
        if self._webhooks is not None:
            await self._webhooks.stop()
        self._thread.shutdown(wait=False)
        await asyncio.to_thread(self._thread.shutdown)
        self._file.close()

    async def _on_thread(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a function on the file's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    def _own_secret(self) -> str:
        return self._made_up

    def _perform(self, request: ProviderRequest) -> tuple[Act | None, Behaviour]:
        target = self._file.by_reference(request.reference) if request.reference else None
        method = target.method if target is not None else request.method
        behaviour = behaviour_of(method)
        known = self._file.by_key(request.key)
        if known is not None:
            return known, behaviour
        if request.action in behaviour.lost:
            return None, behaviour
        decided = self._decide(request, target, behaviour)
        late = self._late if request.action in behaviour.late else 0.0
        now = self._clock.now().timestamp()
        act = self._file.add(request, method, decided, now, late)
        reach(ACTED)
        return act, behaviour

    def _decide(
        self, request: ProviderRequest, target: Act | None, behaviour: Behaviour
    ) -> ProviderRecord:
        if request.action in behaviour.declines:
            return _declined(request, behaviour.reason, behaviour.message)
        if request.action is not ProviderAction.AUTHORIZE:
            wrong = self._objection(request, target)
            if wrong is not None:
                return wrong
        reference = f"{_PREFIX[request.action]}_{secrets.token_hex(12)}"
        return ProviderRecord(request.action, Outcome.SUCCEEDED, reference, request.amount)

    def _objection(self, request: ProviderRequest, target: Act | None) -> ProviderRecord | None:
        if target is None or target.record.outcome is not Outcome.SUCCEEDED:
            return _declined(request, "no_such_reference", "There is nothing of this reference.")
        if target.record.amount.currency != request.amount.currency:
            return _declined(request, "wrong_currency", "It is in another currency.")
        if request.action is ProviderAction.VOID:
            return None
        if self._file.has_succeeded(ProviderAction.VOID, request.reference):
            return _declined(request, "voided", "The authorisation was voided.")
        done = self._file.succeeded(request.action, request.reference)
        if done + request.amount.amount > target.record.amount.amount:
            return _declined(request, "amount_too_large", "That is more than there is.")
        return None


_PREFIX = {
    ProviderAction.AUTHORIZE: "auth",
    ProviderAction.CAPTURE: "cap",
    ProviderAction.VOID: "void",
    ProviderAction.REFUND: "ref",
}


def _declined(request: ProviderRequest, reason: str, message: str) -> ProviderRecord:
    reference = f"no_{secrets.token_hex(12)}"
    amount = Money(amount=request.amount.amount, currency=request.amount.currency)
    return ProviderRecord(request.action, Outcome.DECLINED, reference, amount, reason, message)
