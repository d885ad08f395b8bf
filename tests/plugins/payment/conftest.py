"""A running platform that sells, one per module of tests."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
import pytest_asyncio
from payment_academy import Academy, make_site, running

from tests.quick_passwords import quick_passwords


@pytest.fixture(scope="module", autouse=True)
def cost() -> Iterator[None]:
    """Many people sign in, whose passwords are not what is tested here."""
    with quick_passwords():
        yield


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def academy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Academy]:
    """The academy acme, in which everybody is new in every test."""
    site = make_site(tmp_path_factory.mktemp("site"))
    async with running(site, "services.payment.config.sandbox.late=6s") as started:
        yield started
