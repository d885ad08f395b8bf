"""Who is where: processes that say over NATS that they are there, and the gateway that listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import structlog
from gateway_house import place

from colonnade.adapters import Instance
from colonnade.clock import SystemClock
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.discovery.nats import BELIEVED_SECONDS, NatsDiscovery
from colonnade_runtime.gateway.discovery import UpstreamDiscovery
from colonnade_runtime.gateway.upstreams import Upstreams
from colonnade_runtime.testing.servers import RunningServer

WEB = Instance("web", "http://10.0.0.7:8001", ("course", "content"))


class MovedClock(SystemClock):
    """The system's, moved on by a test."""

    moved = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.moved

    def now(self) -> datetime:
        return super().now()


Make = Callable[[str], Awaitable[NatsDiscovery]]


@pytest.fixture
def server(start_server: Callable[..., RunningServer]) -> RunningServer:
    """A server of this test's own."""
    return start_server("nats")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def make(server: RunningServer, clock: MovedClock) -> AsyncIterator[Make]:
    """Makes started discoveries."""
    made: list[NatsDiscovery] = []

    async def one(process: str) -> NatsDiscovery:
        options = read_options(server.url, Path())
        found = NatsDiscovery(options, process, clock, structlog.get_logger("nats"))
        await found.start(())
        made.append(found)
        return found

    yield one
    for each in made:
        await each.close()


async def until_there_are(discovery: NatsDiscovery, *wanted: Instance) -> None:
    async with asyncio.timeout(15):
        while list(await discovery.instances("course")) != list(wanted):
            await asyncio.sleep(0.02)


@pytest.mark.server
class TestNats:
    async def test_a_process_is_found_until_it_says_that_it_goes(self, make: Make) -> None:
        gateway, web = await make("gateway"), await make("web")
        await web.announce(WEB)
        await until_there_are(gateway, WEB)
        assert await gateway.instances("payment") == []
        await web.close()
        await until_there_are(gateway)

    async def test_a_process_that_is_not_heard_any_more_is_gone(
        self, make: Make, clock: MovedClock
    ) -> None:
        gateway, web = await make("gateway"), await make("web")
        await web.announce(WEB)
        await until_there_are(gateway, WEB)
        # As after kill -9: the connection is gone, and nothing was said.
        await web.connection.close()
        clock.moved += BELIEVED_SECONDS
        await until_there_are(gateway)

    async def test_what_was_heard_is_believed_while_the_server_is_away(
        self, make: Make, server: RunningServer, clock: MovedClock
    ) -> None:
        gateway, web = await make("gateway"), await make("web")
        await web.announce(WEB)
        await until_there_are(gateway, WEB)
        server.kill()
        async with asyncio.timeout(15):
            while gateway.connection.up:
                await asyncio.sleep(0.02)
        clock.moved += 10 * BELIEVED_SECONDS
        assert list(await gateway.instances("course")) == [WEB]
        assert "processes that start or end now are not noticed" in (await gateway.check() or "")

    async def test_nobody_speaks_for_another(self, make: Make) -> None:
        gateway, web = await make("gateway"), await make("money")
        await web.announce(WEB)
        await (await make("web")).announce(Instance("web", "http://10.0.0.8:1", ("course",)))
        await until_there_are(gateway, Instance("web", "http://10.0.0.8:1", ("course",)))


class Directory:
    """A discovery that a test writes."""

    def __init__(self) -> None:
        self.found: list[Instance] = []
        self.failing = False
        self.closed = False

    async def start(self, services: Sequence[str]) -> None:
        return

    async def check(self) -> str | None:
        return None

    async def announce(self, instance: Instance) -> None:
        self.found.append(instance)

    async def instances(self, service: str) -> Sequence[Instance]:
        if self.failing:
            raise Unavailable("The directory is away.")
        return [each for each in self.found if service in each.services]

    async def close(self, deadline: float = 10.0) -> None:
        self.closed = True


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def upstreams() -> Upstreams:
    return Upstreams([])


@pytest.fixture
def upstream_discovery(directory: Directory, upstreams: Upstreams) -> UpstreamDiscovery:
    return UpstreamDiscovery(directory, [place(0, "web")], upstreams, structlog.get_logger())


class TestFollowing:
    async def test_where_a_process_is_comes_from_discovery_and_what_it_hosts_does_not(
        self, directory: Directory, upstreams: Upstreams, upstream_discovery: UpstreamDiscovery
    ) -> None:
        directory.found = [
            Instance("web", "http://10.0.0.7:8001", ("course", "payment")),
            Instance("stranger", "http://10.6.6.6:80", ("course",)),
        ]
        await upstream_discovery.look()
        [upstream] = upstreams.all
        assert upstream.place.url == "http://10.0.0.7:8001"
        assert upstreams.services == {"course"}

    async def test_what_is_known_of_a_process_is_kept_while_it_stays_where_it_is(
        self, directory: Directory, upstreams: Upstreams, upstream_discovery: UpstreamDiscovery
    ) -> None:
        directory.found = [WEB]
        await upstream_discovery.look()
        [before] = upstreams.all
        await upstream_discovery.look()
        assert upstreams.all == [before]
        directory.found = [Instance("web", "http://10.0.0.9:8001", ("course",))]
        await upstream_discovery.look()
        assert upstreams.all[0].place.url == "http://10.0.0.9:8001"

    async def test_while_discovery_cannot_say_nothing_changes(
        self, directory: Directory, upstreams: Upstreams, upstream_discovery: UpstreamDiscovery
    ) -> None:
        directory.found = [WEB]
        await upstream_discovery.look()
        directory.failing = True
        with pytest.raises(Unavailable):
            await upstream_discovery.look()
        assert [each.place.url for each in upstreams.all] == ["http://10.0.0.7:8001"]

    async def test_it_follows_until_it_is_stopped(
        self, directory: Directory, upstreams: Upstreams, upstream_discovery: UpstreamDiscovery
    ) -> None:
        upstream_discovery.start()
        directory.found = [WEB]
        async with asyncio.timeout(15):
            while not upstreams.all:
                await asyncio.sleep(0.02)
        await upstream_discovery.stop()
        assert directory.closed
