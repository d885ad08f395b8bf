"""What Prometheus is told: operations, denials, events, what waits; never who."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

ROOT = Path(__file__).parents[4]

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[RunningPlatform]:
    shutil.copytree(ROOT / "tenants", tmp_path / "tenants")
    for file in (tmp_path / "tenants").iterdir():
        file.write_text(file.read_text().partition("\nservices:")[0] + "\n")
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    platform = tmp_path / "platform.yaml"
    platform.write_text("version: 1\nenvironment: development\nservices: {user: }\n")
    async with running_platform(platform) as running:
        yield running


async def samples(platform: RunningPlatform) -> Samples:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{platform.url}/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


async def test_operations_are_counted_by_how_they_ended(platform: RunningPlatform) -> None:
    person = {"email": "ada@example.org", "password": "a long password", "name": "Ada"}
    async with platform.client("acme") as client:
        assert (await client.post("/auth/register", json=person)).status_code == 201
        assert (await client.post("/auth/register", json=person)).status_code == 409
        assert (await client.get("/users")).status_code == 401
    found = await samples(platform)
    named = {"service": "user", "operation": "Register"}
    assert of(found, "colonnade_operations_total", **named, outcome="ok") == 1
    assert of(found, "colonnade_operation_seconds_count", **named) == 2
    refused = {"service": "user", "operation": "ListUsers", "outcome": "unauthenticated"}
    assert of(found, "colonnade_operations_total", **refused) == 1
    assert of(found, "colonnade_policy_denials_total", action="user.read") == 1
    assert of(found, "colonnade_policy_decisions_total", **{"from": "engine"}) >= 1


async def test_what_waits_is_told_and_goes_when_it_is_published(
    platform: RunningPlatform,
) -> None:
    person = {"email": "ada@example.org", "password": "a long password", "name": "Ada"}
    async with platform.client("acme") as client:
        await client.post("/auth/register", json=person)
    found = await samples(platform)
    for name in (
        "colonnade_outbox_pending",
        "colonnade_outbox_lag_seconds",
        "colonnade_dead_letters",
        "colonnade_tenants_with_work",
    ):
        assert of(found, name, service="user") >= 0
    async with asyncio.timeout(20):
        while of(await samples(platform), "colonnade_outbox_pending", service="user"):
            await asyncio.sleep(0.1)


async def test_labels_are_names_from_code_and_never_who_asks(platform: RunningPlatform) -> None:
    for tenant in ("acme", "globex", "nobody-at-all"):
        async with platform.client(tenant) as client:
            await client.get("/users/me")
            await client.request("MADEUP", "/users/me")
    labels = {pair for _, pairs in await samples(platform) for pair in pairs}
    assert {"acme", "globex", "nobody-at-all", "MADEUP"}.isdisjoint({value for _, value in labels})
    assert not {"tenant", "path", "principal"} & {name for name, _ in labels}
