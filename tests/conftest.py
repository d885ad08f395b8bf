"""Tests run on the event loop that serves: uvloop differs from asyncio's own in small things."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """One factory, so that no test runs twice."""
    return {"uvloop": uvloop.new_event_loop}
