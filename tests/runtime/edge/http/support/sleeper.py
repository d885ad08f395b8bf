"""A service that takes its time, and notes when its work is ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType

from litestar import Controller
from small_site import make_plugin

from colonnade.http import get
from colonnade.messages import Message, Request
from colonnade.operations import Call, handles, operation
from colonnade.policy import ResourceType
from colonnade.services import ServiceContext

POLICY = """\
package colonnade.services.sleeper
actions contains "dream.read"
grants contains [] if input.action == "dream.read"
"""


class Slept(Message):
    """An answer."""

    seconds: float


@operation("sleeper", action="dream.read", idempotent=True)
class Sleep(Request[Slept]):
    """As long as the service allows."""

    seconds: float


@operation("sleeper", action="dream.read", idempotent=True, deadline=60.0)
class SleepLong(Request[Slept]):
    """Longer than others, as the operation itself says."""

    seconds: float


@operation("sleeper", action="dream.read", idempotent=True)
class SleepElsewhere(Request[Slept]):
    """Over the bus."""

    seconds: float


class Sleeper:
    """Its handlers; `ended` counts those that were not left to finish."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    ended = 0

    @handles(Sleep)
    async def sleep(self, request: Sleep, call: Call) -> Slept:
        """Take as long as is asked for."""
        try:
            await asyncio.sleep(request.seconds)
        except asyncio.CancelledError:
            Sleeper.ended += 1
            raise
        return Slept(seconds=request.seconds)

    @handles(SleepLong)
    async def sleep_long(self, request: SleepLong, call: Call) -> Slept:
        """The same, for longer."""
        return await self.sleep(Sleep(seconds=request.seconds), call)

    @handles(SleepElsewhere)
    async def sleep_elsewhere(self, request: SleepElsewhere, call: Call) -> Slept:
        """Have it done over the bus."""
        return await self._ctx.ask(Sleep(seconds=request.seconds))


class Sleeping(Controller):
    """Its routes."""

    path = "/sleep"
    short = get("/short", Sleep)
    long = get("/long", SleepLong)
    elsewhere = get("/elsewhere", SleepElsewhere)


def sleeper_plugin() -> ModuleType:
    """The plugin of it."""

    @asynccontextmanager
    async def create(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
        yield (Sleeper(ctx),)

    return make_plugin(
        "sleeper",
        "sleeper",
        create_service=lambda ctx: create(ctx),
        operations=lambda: (Sleep, SleepLong, SleepElsewhere),
        http_routes=lambda: (Sleeping,),
        policies=lambda: {"sleeper.rego": POLICY},
        policy_attributes=lambda: (ResourceType("dream", {}),),
    )
