"""`/docs` and the description of the API: true, complete, and without another server."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import schemathesis

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[RunningPlatform]:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    async with running_platform(tmp_path / "platform.yaml") as running:
        yield running


async def test_the_page_loads_from_this_server_alone_and_says_so(
    platform: RunningPlatform,
) -> None:
    async with httpx.AsyncClient(base_url=platform.url) as client:
        page = await client.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) == 5
        for address in loaded:
            assert address.startswith("/docs/")
            asset = await client.get(address)
            assert asset.status_code == 200
            assert asset.content
            unchanged = await client.get(address, headers={"If-None-Match": asset.headers["etag"]})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert "<script>" not in page.text
        assert (await client.post("/docs")).status_code == 405
        head = await client.head("/docs")
        assert (head.status_code, head.content) == (200, b"")


async def test_the_description_is_valid_openapi_and_tells_of_problems_and_tokens(
    platform: RunningPlatform,
) -> None:
    async with httpx.AsyncClient(base_url=platform.url) as client:
        document = (await client.get("/openapi.json")).json()
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) > 40
    for operation in operations:
        assert operation["summary"]
        problem = operation["responses"]["422"]["content"]["application/problem+json"]
        assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}


async def test_an_operator_can_turn_the_page_off(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    platform = tmp_path / "platform.yaml"
    platform.write_text("version: 1\nenvironment: development\ngateway: {docs: false}\n")
    async with running_platform(platform) as running, httpx.AsyncClient() as client:
        for path in ("/docs", "/openapi.json"):
            assert (await client.get(f"{running.url}{path}")).status_code in (400, 404)
