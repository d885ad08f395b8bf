"""The notification service on a bench, with push services on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from notification_bench import NotificationBench
from push_services import Browser

from colonnade_notification.api import (
    CreatePushSubscription,
)

LOOPBACK = {"push": {"private_endpoints": True, "timeout": "1s"}}


@asynccontextmanager
async def bench_with_push() -> AsyncIterator[NotificationBench]:
    async with NotificationBench(LOOPBACK) as bench:
        yield bench


async def subscribe(
    bench: NotificationBench, account: UUID, endpoint: str, browser: Browser | None = None
) -> Browser:
    browser = browser or Browser()
    wanted = CreatePushSubscription.model_validate(browser.subscription(endpoint))
    await bench.ask_as(account, wanted)
    return browser
