"""Waiting for an event: at most some seconds, and no error when it does not come."""

import asyncio

import pytest

from colonnade.waiting import until


async def test_an_event_that_is_set_is_not_waited_for() -> None:
    event = asyncio.Event()
    event.set()
    assert await until(event, 0.0)


async def test_an_event_that_comes_in_time_ends_the_wait() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await until(event, 60.0)


@pytest.mark.parametrize("seconds", [0.01, 0.0, -1.0])
async def test_an_event_that_does_not_come_is_no_error(seconds: float) -> None:
    assert not await until(asyncio.Event(), seconds)


async def test_a_wait_without_a_bound_lasts_until_the_event() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await until(event, None)


async def test_a_wait_that_is_cancelled_is_cancelled() -> None:
    task = asyncio.create_task(until(asyncio.Event(), 60.0))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
