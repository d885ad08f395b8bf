"""`/readyz` asks every part, gives each a second, and names those that cannot work."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_site import make_plugin, make_site, runtime_of, started

from colonnade.adapters import AsgiApplication
from colonnade.services import HealthCheck
from colonnade_runtime.edge.health import checks
from colonnade_runtime.observability.redaction import Redaction, hosts_in
from colonnade_runtime.process.runtime import Runtime


def client(runtime: Runtime) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(runtime.edge)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://acme.localhost")


async def readiness(runtime: Runtime) -> tuple[int, dict[str, str]]:
    async with client(runtime) as asking:
        answer = await asking.get("/readyz")
    return answer.status_code, json.loads(answer.content)["waiting_for"]


def checked(check: Any) -> Any:
    return make_plugin("shop", "shop", health_checks=lambda ctx: [HealthCheck("till", check)])


async def test_before_the_start_the_stage_is_named(tmp_path: Path) -> None:
    runtime = runtime_of(make_site(tmp_path))
    assert await readiness(runtime) == (503, {"start": "the platform is starting"})


async def test_a_service_that_does_not_come_up_is_named_meanwhile(tmp_path: Path) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def slow(ctx: Any) -> AsyncIterator[tuple[()]]:
        entered.set()
        await go_on.wait()
        yield ()

    plugin = make_plugin("shop", "shop", create_service=lambda ctx: slow(ctx))
    runtime = runtime_of(make_site(tmp_path, "services: {shop: }\n"), plugin)
    starting = asyncio.create_task(runtime.start())
    async with asyncio.timeout(10):
        await entered.wait()
        assert await readiness(runtime) == (503, {"start": "service shop"})
        go_on.set()
        await starting
    assert await readiness(runtime) == (200, {})
    await runtime.stop()
    assert (await readiness(runtime))[0] == 503


async def test_a_check_that_fails_is_named_with_its_sentence(tmp_path: Path) -> None:
    async def broken() -> str:
        return "the drawer is stuck"

    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, checked(broken))) as runtime:
        assert await readiness(runtime) == (503, {"service shop: till": "the drawer is stuck"})


async def test_a_check_that_hangs_or_raises_is_named_within_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECK_SECONDS", 0.05)

    async def hanging() -> None:
        await asyncio.Event().wait()

    async def raising() -> None:
        raise ValueError("odd")

    plugin = make_plugin(
        "shop",
        "shop",
        health_checks=lambda ctx: [HealthCheck("a", hanging), HealthCheck("b", raising)],
    )
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, plugin)) as runtime:
        status, waiting = await asyncio.wait_for(readiness(runtime), 5)
    assert status == 503
    assert "no answer" in waiting["service shop: a"]
    assert waiting["service shop: b"] == "the check itself broke"


async def test_a_store_whose_folder_is_gone_is_named(tmp_path: Path) -> None:
    platform = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(platform, make_plugin("shop", "shop"))) as runtime:
        (tmp_path / "var" / "blobs").rename(tmp_path / "lost")
        status, waiting = await readiness(runtime)
        assert (status, list(waiting)) == (503, ["store file"])
        assert "cannot be written" in waiting["store file"]
        (tmp_path / "lost").rename(tmp_path / "var" / "blobs")


async def test_filters_wrap_what_answers_outermost_first(tmp_path: Path) -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        def wrap(application: AsgiApplication) -> AsgiApplication:
            async def within(scope: Any, receive: Any, send: Any) -> None:
                seen.append(name)
                if scope["path"] == f"/{name}":
                    raise ValueError("broken")
                await application(scope, receive, send)

            return within

        return wrap

    plugin = make_plugin("edge", gateway_filters=lambda: [named("outer"), named("inner")])
    platform = make_site(tmp_path, "plugins: [edge]\n")
    async with started(runtime_of(platform, plugin)) as runtime, client(runtime) as asking:
        assert (await asking.get("/api/v1/nothing")).status_code == 404
        assert seen == ["outer", "inner"]
        broken = await asking.get("/inner")
        assert (broken.status_code, broken.json()["code"]) == (500, "internal")
        assert (await asking.get("/readyz")).status_code == 200
        assert len(seen) == 4


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("'/srv/data/acme/user.sqlite3' cannot be written.", "'…' cannot be written."),
        ("bus: nats://127.0.0.1:4222 cannot be reached: refused", "bus: … cannot be reached:"),
        ("db.internal:5432 is gone", "… is gone"),
        ("sqlite:data is gone, 10.0.0.7 too", "… is gone, … too"),
        ("[fe80::1] is gone", "… is gone"),
        ("no answer within 1.5 s", "no answer within 1.5 s"),
        ("It is jammed. Open it.", "It is jammed. Open it."),
    ],
)
def test_paths_and_addresses_are_left_out_of_what_anybody_reads(said: str, shown: str) -> None:
    assert Redaction().without({"till": said})["till"].startswith(shown)


@pytest.mark.parametrize("host", ["natsbox", "nats", "Mail-1", "2130706433", "xn--bcher-kva", "a"])
def test_bare_names_of_declared_hosts_are_left_out(host: str) -> None:
    declared = {"bus": {"url": f"nats://user@{host}:4222,nats://[::1]:4222"}, "x": [{"host": "b"}]}
    places = Redaction(hosts_in(declared))

    said = f"NATS at {host} does not answer (cannot resolve '{host.lower()}'), nor does b."

    assert places.without({"bus": said})["bus"] == (
        "NATS at … does not answer (cannot resolve '…'), nor does …."
    )


def test_this_machine_is_not_named() -> None:
    said = f"{socket.gethostname()} and localhost cannot be reached"
    assert Redaction().without({"x": said})["x"] == "… and … cannot be reached"


def test_checks_that_differ_in_their_places_alone_are_one() -> None:
    said = {"store sqlite:/a": "'/a' is full", "store sqlite:b": "'/b' is full"}
    assert Redaction().without(said) == {"store sqlite": "'…' is full"}


async def test_a_store_that_fails_has_its_place_in_the_fault_and_not_in_readyz(
    tmp_path: Path,
) -> None:
    async def check() -> str:
        return f"'{tmp_path}/x' cannot be written"

    site = make_site(tmp_path, "services: {shop: }\n")
    async with started(runtime_of(site, checked(check))) as runtime:
        status, waiting = await readiness(runtime)
        [fault] = runtime.edge.health.faults.all()
    assert (status, waiting) == (503, {"service shop: till": "'…' cannot be written"})
    assert str(tmp_path) in fault.sentence
    assert fault.mend
