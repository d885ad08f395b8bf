"""What the gateway makes of requests that HTTP allows, or forbids, and few clients send."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

import colonnade_user.plugin
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.demo_policies import policy_of

ROOT = Path(__file__).parents[4]
PLATFORM = """\
version: 1
environment: development
services:
  user:
"""
MISSPELT = """
grants contains [{"field": lower("AUDIANZ"), "op": "eq", "value": "public"}] if {
	input.action == "profile.read"
	input.tenant.plan == lower("GOLD")
}
"""
"""Worked out at run time, and in academies that no trial is about."""


@pytest_asyncio.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    shutil.copytree(ROOT / "tenants", tmp_path / "tenants")
    acme = tmp_path / "tenants" / "acme.yaml"
    acme.write_text(acme.read_text("utf-8").replace("plan: standard", "plan: gold"), "utf-8")
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    rules = policy_of("user")
    (tmp_path / "policies" / "user.rego").write_text(rules + MISSPELT, "utf-8")
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")
    async with running_platform(
        tmp_path / "platform.yaml",
        settings=["tenants.watch=false"],
        plugins=[colonnade_user.plugin],
    ) as running:
        yield running


@pytest.mark.parametrize("path", ["/auth/jwks", "/users/me", "/nothing"])
async def test_head_answers_as_get_does_without_the_body(
    platform: RunningPlatform, path: str
) -> None:
    async with platform.client("acme") as client:
        whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "twice",
    [
        "Host: acme.localhost\r\nHost: globex.localhost",
        "Host: 127.0.0.1\r\nX-Tenant: acme\r\nX-Tenant: globex",
        "Host: acme.localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b",
    ],
)
async def test_a_header_that_decides_and_stands_twice_is_refused(
    platform: RunningPlatform, twice: str
) -> None:
    port = int(platform.url.rpartition(":")[2])
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /api/v1/auth/jwks HTTP/1.1\r\n{twice}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = (await reader.read()).decode()
        writer.close()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "may each stand once" in answer


async def test_a_field_that_a_policy_misspells_is_named_in_the_log_once(
    platform: RunningPlatform,
) -> None:
    async with platform.client("acme") as client:
        body = {"email": "ada@example.org", "password": "a long password", "name": "Ada"}
        ada = (await client.post("/auth/register", json=body)).json()["id"]
        with capture_logs() as lines:
            answers = [await client.get(f"/profiles/{ada}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    told = [line["reason"] for line in lines if line["event"].startswith("policy names what")]
    assert told == ["Policy for 'profile.read': 'profile' has no field 'audianz'."]
