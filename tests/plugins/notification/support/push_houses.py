"""The notification service with push services on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from notification_house import House
from push_services import Browser

from colonnade_notification.api import (
    CreatePushSubscription,
)

LOOPBACK = {"push": {"private_endpoints": True, "timeout": "1s"}}


@asynccontextmanager
async def house_with_push(folder: Path) -> AsyncIterator[House]:
    async with House(folder, LOOPBACK).running() as house:
        yield house


async def subscribe(
    house: House, person: UUID, endpoint: str, browser: Browser | None = None
) -> Browser:
    browser = browser or Browser()
    wanted = CreatePushSubscription.model_validate(browser.subscription(endpoint))
    await house.ask(person, wanted)
    return browser
