"""Conditional decisions: what a handler did not apply is not answered, unless it says why."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Literal

import pytest
import structlog
from structlog.testing import capture_logs

from colonnade.errors import InternalError, NotFound
from colonnade.hookspecs import hookimpl
from colonnade.messages import Empty, Request
from colonnade.operations import Call, handles, operation
from colonnade.services import PluginInfo, ServiceContext
from colonnade_runtime.testing import ServiceBench

POLICY = """\
package colonnade.services.leaflets

actions contains "leaflet.take"

grants contains [{"field": "reader", "op": "eq", "value": input.principal.id}]
"""


@operation("leaflets", action="leaflet.take")
class TakeLeaflet(Request[Empty]):
    """Take a leaflet."""

    how: Literal["says nothing", "says why", "refuses"]


class Leaflets:
    """Has no leaflet that a condition could be held against."""

    @handles(TakeLeaflet)
    async def take(self, request: TakeLeaflet, call: Call) -> Empty:
        """Do as the test wants."""
        if request.how == "refuses":
            raise NotFound("There is no leaflet.")
        if request.how == "says why":
            call.permit_without_object("there is no leaflet yet")
        return Empty()


def leaflets() -> ModuleType:
    @asynccontextmanager
    async def service() -> AsyncIterator[list[object]]:
        yield [Leaflets()]

    def plugin_info() -> PluginInfo:
        return PluginInfo("leaflets", "1.0.0", "leaflets")

    def create_service(ctx: ServiceContext) -> Any:
        return service()

    def operations() -> list[Any]:
        return [TakeLeaflet]

    def policies() -> dict[str, str]:
        return {"leaflets.rego": POLICY}

    module = ModuleType("leaflets")
    for hook in (plugin_info, create_service, operations, policies):
        setattr(module, hook.__name__, hookimpl(hook))
    return module


@pytest.fixture
async def bench() -> AsyncIterator[ServiceBench]:
    # Another test of this process may have had logs of a platform, which drop what is for debug.
    structlog.reset_defaults()
    async with ServiceBench(leaflets()) as running:
        yield running


async def test_a_condition_that_met_no_object_is_a_mistake_of_the_handler(
    bench: ServiceBench,
) -> None:
    with pytest.raises(InternalError, match="did not apply the policy's conditions"):
        await bench.ask(TakeLeaflet(how="says nothing"), as_=bench.person())


async def test_a_handler_may_say_why_no_object_is_met(bench: ServiceBench) -> None:
    with capture_logs() as logged:
        await bench.ask(TakeLeaflet(how="says why"), as_=bench.person())
    [line] = [line for line in logged if line["event"] == "permitted without an object"]
    assert line["action"] == "leaflet.take"
    assert line["reason"] == "there is no leaflet yet"


async def test_a_handler_that_refuses_has_nothing_to_say(bench: ServiceBench) -> None:
    with pytest.raises(NotFound, match="There is no leaflet"):
        await bench.ask(TakeLeaflet(how="refuses"), as_=bench.person())
