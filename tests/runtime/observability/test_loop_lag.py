"""How late a loop comes to what is due is seen, and nothing is seen of a loop that is free."""

import asyncio
import time

from prometheus_client import CollectorRegistry

from colonnade_runtime.observability.loop_lag import INTERVAL_SECONDS, LoopLag

HELD_SECONDS = 0.2


def count(registry: CollectorRegistry) -> float:
    return registry.get_sample_value("colonnade_event_loop_lag_seconds_count") or 0.0


async def until_sampled(registry: CollectorRegistry, more: int) -> None:
    wanted = count(registry) + more
    async with asyncio.timeout(10):
        while count(registry) < wanted:
            await asyncio.sleep(INTERVAL_SECONDS / 5)


async def test_what_keeps_the_loop_is_seen_as_its_lag() -> None:
    registry = CollectorRegistry()
    lag = LoopLag(registry)
    assert lag.recent().longest == 0.0
    async with lag.sampled():
        await until_sampled(registry, 1)
        time.sleep(HELD_SECONDS)
        await until_sampled(registry, 1)
    assert lag.recent().longest >= HELD_SECONDS - INTERVAL_SECONDS
    slow = registry.get_sample_value("colonnade_event_loop_lag_seconds_bucket", {"le": "0.1"})
    assert slow is not None
    assert slow < count(registry)


async def test_sampling_ends_with_its_block() -> None:
    registry = CollectorRegistry()
    async with LoopLag(registry).sampled():
        await until_sampled(registry, 1)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "loop lag"]
