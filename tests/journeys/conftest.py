"""The journeys run over every bus; nothing but the declaration changes."""

import pytest

from colonnade_runtime.testing.nats_streams import without_streams


@pytest.fixture(params=["memory", "nats"])
async def bus_settings(request: pytest.FixtureRequest) -> list[str]:
    """What `--set` says of the bus."""
    if request.param == "memory":
        return []
    url: str = request.getfixturevalue("nats_url")
    await without_streams(url)
    return [f"bus={url}"]
