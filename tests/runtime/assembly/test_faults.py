"""A part that is broken is said once in the log, in `/readyz`, as a metric and to `status`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from small_site import make_plugin, make_site, runtime_of, started
from structlog.testing import capture_logs

from colonnade.services import ServiceContext
from colonnade_runtime.admin.commands.registry import AdminCall
from colonnade_runtime.admin.commands.status import Nothing, status
from colonnade_runtime.admin.platform import AdminPlatform
from colonnade_runtime.cli.status import problems_of
from colonnade_runtime.observability.faults import MAXIMUM_FAULTS, MAXIMUM_SHOWN, FaultRegistry
from colonnade_runtime.process.runtime import Runtime


async def get(runtime: Runtime, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(runtime.edge)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.localhost") as asking:
        return await asking.get(path)


async def said(runtime: Runtime) -> dict[str, Any]:
    """What the process tells `colonnade status`."""

    async def tell(done: int, total: int) -> None:
        raise AssertionError("nothing takes long here")

    call = AdminCall(AdminPlatform.of(runtime), "somebody", 5.0, None, tell)
    return await status(Nothing(), call) | {"state": "ready"}


class Shop:
    """A service that keeps its context."""

    ctx: ServiceContext

    def plugin(self) -> Any:
        @asynccontextmanager
        async def create(ctx: ServiceContext) -> AsyncIterator[tuple[()]]:
            self.ctx = ctx
            yield ()

        return make_plugin("shop", "shop", create_service=lambda ctx: create(ctx))


async def test_a_plugins_fault_is_seen_everywhere_until_it_is_withdrawn(tmp_path: Path) -> None:
    shop = Shop()
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, shop.plugin())) as runtime:
        shop.ctx.faults.report(
            "till", "The till at 10.0.0.7 is jammed.", mend="Open it.", tenant="acme"
        )
        ready = await get(runtime, "/readyz")
        assert ready.status_code == 200
        [(what, how)] = ready.json()["degraded"].items()
        assert what == "shop: till"
        assert "acme" not in how
        assert "10.0.0.7" not in how
        metrics = (await get(runtime, "/metrics")).text
        assert 'colonnade_faults{kind="till",source="shop"} 1.0' in metrics
        [problem] = problems_of([await said(runtime)])
        assert problem.startswith("main: The till at 10.0.0.7 is jammed. (acme) Since ")
        assert problem.endswith("Open it.")

        shop.ctx.faults.withdraw("till", tenant="acme")
        assert "degraded" not in (await get(runtime, "/readyz")).json()
        assert "colonnade_faults{" not in (await get(runtime, "/metrics")).text
        assert problems_of([await said(runtime)]) == []


def test_a_fault_is_logged_when_it_changes_and_not_as_often_as_it_is_reported() -> None:
    with capture_logs() as lines:
        registry = FaultRegistry(structlog.get_logger())
        faults = registry.of("shop")
        for attempt in range(5):
            faults.report("till", f"Jammed {attempt} times.", mend="Open it.", tenant="acme")
        assert registry.all()[0].sentence == "Jammed 4 times."
        for _ in range(3):
            faults.withdraw("till", tenant="acme")
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("error", "fault"),
        ("info", "fault mended"),
    ]
    assert lines[0] | {"reason": "Jammed 0 times.", "mend": "Open it.", "kind": "till"} == lines[0]


def test_a_kind_is_a_name_and_never_data() -> None:
    faults = FaultRegistry(None).of("shop")
    for kind in ("", "Till", "till 7", "10.0.0.7", "x" * 49):
        with pytest.raises(ValueError, match="kind of fault"):
            faults.report(kind, "Broken.", mend="")


def test_faults_are_bounded() -> None:
    class Silent:
        def error(self, event: str, **values: Any) -> None:
            """Say nothing."""

    registry = FaultRegistry(Silent())
    for number in range(MAXIMUM_FAULTS + 10):
        registry.report("shop", "till", "Jammed.", "", f"academy-{number}")
    assert len(registry.all()) == MAXIMUM_FAULTS


async def test_status_is_told_of_the_first_faults_and_how_many_more_there_are(
    tmp_path: Path,
) -> None:
    shop = Shop()
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, shop.plugin())) as runtime:
        for number in range(MAXIMUM_SHOWN + 7):
            shop.ctx.faults.report("till", "Jammed.", mend="", tenant=f"academy-{number}")
        *_, last = problems_of([await said(runtime)])
        assert last == "main: and 7 more faults; its log has them all."


async def test_a_health_check_that_fails_is_a_fault(tmp_path: Path) -> None:
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, make_plugin("shop", "shop"))) as runtime:
        (tmp_path / "var" / "blobs").rename(tmp_path / "lost")
        metrics = (await get(runtime, "/metrics")).text
        assert 'colonnade_faults{kind="store_file",source="health"} 1.0' in metrics
        assert (await get(runtime, "/readyz")).status_code == 503
        (tmp_path / "lost").rename(tmp_path / "var" / "blobs")
        async with asyncio.timeout(10):
            while (await get(runtime, "/readyz")).status_code != 200:
                await asyncio.sleep(0.05)
        assert json.loads((await get(runtime, "/readyz")).content)["status"] == "ready"
        assert "colonnade_faults{" not in (await get(runtime, "/metrics")).text
