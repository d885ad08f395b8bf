"""Sending of the sandbox's webhooks: at least once each, in another order if configured."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import httpx

from colonnade.background_tasks import background_task
from colonnade.waiting import until
from colonnade_payment.sandbox.behaviour import behaviour_of
from colonnade_payment.sandbox.file import Act
from colonnade_payment.sandbox.webhooks import signed_webhook

SECONDS_FOR_ONE = 5.0
LOOK_AGAIN = 1.0
"""Seconds between two looks for acts that take effect late, or did not arrive."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Address and manner of webhooks. `{tenant}` in `url` becomes the tenant's id."""

    url: str
    reverse: bool = False
    copies: int = 1


class ActSource(Protocol):
    """Source of the acts that webhooks are sent of."""

    @property
    def secret(self) -> Callable[[], str]:
        """Reader of the secret that signs them."""
        ...

    def now(self) -> datetime:
        """Tell the time that they are signed for."""
        ...

    async def unannounced(self) -> Sequence[Act]:
        """List acts that no webhook has arrived for."""
        ...

    async def mark_announced(self, acts: Sequence[Act]) -> None:
        """Record that webhooks for these acts have arrived."""
        ...


class WebhookSender:
    """Background task of a sandbox; begun by its first request, stopped with it."""

    def __init__(self, source: ActSource, destination: Destination, log: Any) -> None:
        self._source = source
        self._destination = destination
        self._log = log
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for acts to send webhooks of."""
        self._woken.set()
        if self._task is None:
            self._task = background_task(self._run(), name="sandbox-webhooks")

    async def stop(self) -> None:
        """Stop sending; what was not sent is sent by the next process."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=SECONDS_FOR_ONE) as client:
            while True:
                self._woken.clear()
                await self._send_all(client)
                await until(self._woken, LOOK_AGAIN)

    async def _send_all(self, client: httpx.AsyncClient) -> None:
        acts = list(await self._source.unannounced())
        if self._destination.reverse:
            acts.reverse()
        arrived = [act for act in acts if await self._sent(client, act)]
        await self._source.mark_announced(arrived)

    async def _sent(self, client: httpx.AsyncClient, act: Act) -> bool:
        url = self._destination.url.replace("{tenant}", act.tenant)
        copies = self._destination.copies * (2 if behaviour_of(act.method).twice else 1)
        answers: Sequence[int] = []
        try:
            for _ in range(copies):
                headers, body = signed_webhook(self._source.secret(), act, self._source.now())
                # The tenant too, for a URL whose host name does not say it.
                headers["x-tenant"] = act.tenant
                answer = await client.post(url, content=body, headers=headers)
                answers = [*answers, answer.status_code]
        except Exception as error:
            # Whoever listens there may answer anything; the next look tries again.
            self._log.warning("webhook not sent", url=url, error=error)
            return False
        return all(200 <= status < 300 for status in answers)
