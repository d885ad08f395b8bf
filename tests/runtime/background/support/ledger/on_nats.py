"""The ledger on a broker, and what can be seen of it there."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nats
import structlog

from colonnade.bus import Consumer
from colonnade.events import event_type_of
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.pull_consumer import ConsumerSettings
from ledger.api import Deposited
from ledger.house import House, Ledger

TENANT = "acme"
LIMIT = 60.0
QUICK = ConsumerSettings(ack_wait=1.0, pinned=0.5, tick=0.2, heartbeat=0.5, silence=2.0)
NAME = EventName.of(event_type_of(Deposited).type)


class LosesAcknowledgements(NatsBus):
    """A bus whose process is cut off after its first `lost` events were handled, each time before
    the broker hears of it."""

    lost = 0

    async def consume(self, consumer: Consumer) -> None:
        async def deliver(envelope: bytes) -> None:
            await consumer.deliver(envelope)
            if self.lost:
                self.lost -= 1
                raise ConnectionError("Cut off before the acknowledgement.")

        await super().consume(Consumer(consumer.name, consumer.event_type, deliver))


class HouseOnNats(House):
    """The ledger on a broker at `url`."""

    def __init__(self, folder: Path, url: str, ledger: Ledger, **settings: Any) -> None:
        options = read_options(url, Path())
        self.url = url
        self.cut_off = LosesAcknowledgements(options, "ledger", structlog.get_logger(), QUICK)
        super().__init__(folder, [ledger], bus=self.cut_off, **settings)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():
            await asyncio.sleep(0.02)


async def nothing_waits(house: HouseOnNats) -> bool:
    """Tell whether the outbox is empty, and the broker holds nothing unacknowledged."""
    if (await house.relay.status(TENANT)).pending:
        return False
    async with await nats.connect(house.url) as client:
        found = await client.jetstream().consumers_info(NAME.stream)
    return len(found) == 2 and all(not (one.num_pending or one.num_ack_pending) for one in found)
