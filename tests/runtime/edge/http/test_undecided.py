"""What the policies could not decide is closed, and said to be worth another try."""

import shutil
from pathlib import Path

import pytest

import colonnade_user.plugin
from colonnade_runtime.testing.platform import running_platform
from tests.demo_policies import policy_of

ROOT = Path(__file__).parents[4]
PLATFORM = """\
version: 1
environment: development
services:
  user:
"""
# Worked out at run time, in academies that no probe at load is about: only a request finds out.
UNREADABLE = """
grants contains [{"field": "id", "op": lower("RESEMBLES"), "value": "x"}] if {
	input.action == "signing_key.read"
	input.tenant.plan != "probe"
}
"""


async def test_an_undecided_request_is_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "tenants", tmp_path / "tenants")
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "colonnade.rego", tmp_path / "policies")
    rules = policy_of("user")
    (tmp_path / "policies" / "user.rego").write_text(rules + UNREADABLE, "utf-8")
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", "a password for the owner")

    async with (
        running_platform(
            tmp_path / "platform.yaml",
            settings=["tenants.watch=false"],
            plugins=[colonnade_user.plugin],
        ) as platform,
        platform.client("acme") as client,
    ):
        answer = await client.get("/auth/jwks")
        others = await client.get("/users/me")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "could not be decided" in answer.json()["detail"]
    assert others.status_code == 401
