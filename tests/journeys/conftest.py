"""The journeys run over every bus; nothing but the declaration changes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from colonnade_runtime.testing.servers.nats_streams import without_streams
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration
from tests.quick_passwords import quick_passwords


@pytest.fixture(scope="module", autouse=True)
def cost() -> Iterator[None]:
    """Many people sign in; processes of their own hash as they always do."""
    with quick_passwords():
        yield


@pytest.fixture(params=["memory", "nats"])
async def bus_settings(request: pytest.FixtureRequest) -> list[str]:
    """What `--set` says of the bus."""
    if request.param == "memory":
        return []
    url: str = request.getfixturevalue("nats_url")
    await without_streams(url)
    return [f"bus={url}"]


@pytest.fixture
def declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo platform in a folder of its own, whose owners have a password."""
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    return copied_declaration(tmp_path)


@pytest.fixture
async def platform(declaration: Path, bus_settings: list[str]) -> AsyncIterator[RunningPlatform]:
    """The demo platform, over every bus."""
    async with running_platform(declaration, settings=bus_settings) as running:
        yield running
