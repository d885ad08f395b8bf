"""Files of academies that break: their clients hear 503 and nothing of files, others nothing."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import owners_token

READS = ["/courses", "/users", "/users/me", "/payments", "/notifications", "/media", "/orders"]


@pytest.fixture
async def platform(declaration: Path) -> AsyncIterator[RunningPlatform]:
    """The demo platform, in one process."""
    async with running_platform(declaration) as running:
        yield running


def not_a_database(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 1000)


def with_holes(path: Path) -> None:
    content = bytearray(path.read_bytes())
    chance = Random(7)
    for _ in range(len(content) // 50):
        content[chance.randrange(len(content))] ^= 0xFF
    path.write_bytes(content)


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 77])


def check_neutral(answer: httpx.Response, site: Path) -> None:
    """A problem that names no file, folder or address."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["code"] == "unavailable", answer.text
    for word in ("sqlite", str(site), "var/", "_control", "acme", "127.0.0.1", "nats"):
        assert word not in answer.text, answer.text


async def close_files(platform: RunningPlatform) -> None:
    """As if nobody had used an academy for a while."""
    for each in platform.runtime.stores.opened.values():
        if hasattr(each, "open_files"):
            await each.open_files.close()


@pytest.mark.parametrize("damaged", [not_a_database, with_holes, half])
async def test_an_academy_whose_files_are_damaged_answers_503_without_a_file_name(
    platform: RunningPlatform, declaration: Path, damaged: Callable[[Path], None]
) -> None:
    site = declaration.parent
    tokens = {name: await owners_token(platform.url, name) for name in ("acme", "globex")}
    before: dict[str, int] = {}
    for tenant, token in tokens.items():
        async with platform.client(tenant, token) as client:
            before = {path: (await client.get(path)).status_code for path in READS}
    await close_files(platform)
    for path in (site / "var" / "data" / "acme").glob("*.sqlite3"):
        damaged(path)
    async with platform.client("acme", tokens["acme"]) as client:
        answers = [await client.get(path) for path in READS if before[path] == 200]
        answers.append(await client.post("/courses", json={"title": "A", "slug": "a"}))
        body = {"email": "a@b.example", "password": "a long password"}
        answers.append(await client.post("/auth/login", json=body))
    assert {answer.status_code for answer in answers} == {503}
    for answer in answers:
        check_neutral(answer, site)
    async with platform.client("globex", tokens["globex"]) as client:
        after = {path: (await client.get(path)).status_code for path in READS}
    assert after == before

    async with httpx.AsyncClient(base_url=platform.url) as asking:
        ready = await asking.get("/readyz")
        metrics = (await asking.get("/metrics")).text
    assert ready.status_code == 200
    assert "user: store_damaged" in ready.json()["degraded"]
    assert "acme" not in ready.text
    assert str(site) not in ready.text
    assert 'colonnade_faults{kind="store_damaged",source="user"}' in metrics
