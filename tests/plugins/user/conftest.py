"""Three academies with the user service in them, empty but for their owners, for every test."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from user_academy import OWNER_PASSWORD, Academy
from user_bench import DEVELOPMENT, OWNER_VARIABLE, UserBench

from tests.quick_passwords import quick_passwords

OF_PASSWORDS = {"test_hashing.py", "test_fair_queue.py"}


@pytest.fixture(autouse=True)
def cost(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a password costs counts where passwords are tested themselves."""
    with nullcontext() if request.path.name in OF_PASSWORDS else quick_passwords():
        yield


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owners' first password is where the tenants' files say."""
    monkeypatch.setenv(OWNER_VARIABLE, OWNER_PASSWORD)


@pytest.fixture
def config() -> dict[str, Any]:
    """Configuration of the service, as an operator declares it."""
    return {}


@pytest.fixture
def platform() -> dict[str, Any]:
    """Further keys of platform.yaml."""
    return DEVELOPMENT


@pytest.fixture
async def bench(config: dict[str, Any], platform: dict[str, Any]) -> AsyncIterator[UserBench]:
    async with UserBench(config, platform) as running:
        yield running


@pytest.fixture
def acme(bench: UserBench) -> Academy:
    return bench.academy("acme")


@pytest.fixture
def globex(bench: UserBench) -> Academy:
    return bench.academy("globex")


@pytest.fixture
def cloister(bench: UserBench) -> Academy:
    """The academy that lets nobody register themself."""
    return bench.academy("cloister")
