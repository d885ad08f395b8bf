"""Whatever the API's own description allows, and what it does not: never a 500."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from colonnade_process import ROOT, ColonnadeProcess, running
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

pytestmark = pytest.mark.slow

PASSWORD = "a password for the owner"
EXAMPLES = 3
PAGES = ("/api/v1/auth/", "/api/v1/unsubscribe/")
"""Where links in mails lead: to pages for people."""
"""Requests for each operation and mode; together a few hundred."""


@pytest.fixture
def colonnade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ColonnadeProcess]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    with running(tmp_path, "logging.access=false") as process:
        process.ready()
        yield process


def signed_in(base: str) -> dict[str, str]:
    """The headers of acme's owner."""
    answer = httpx.post(
        f"{base}/api/v1/auth/login",
        json={"email": "owner@acme.example", "password": PASSWORD},
        headers={"X-Tenant": "acme"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    return {"X-Tenant": "acme", "Authorization": f"Bearer {token}"}


def requests_of(operation: Any, mode: GenerationMode, ask: Any) -> None:
    """Let `ask` have some requests for an operation; none when it has no invalid ones."""
    limits = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with suppress(Unsatisfiable):
        limits(given(operation.as_strategy(generation_mode=mode))(ask))()


def test_no_request_is_answered_with_a_500(colonnade: ColonnadeProcess) -> None:
    base = f"http://127.0.0.1:{colonnade.port}"
    headers = signed_in(base)
    document = httpx.get(f"{base}/openapi.json", timeout=60).json()
    broken: list[str] = []
    statuses: Counter[int] = Counter()

    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=base, headers=headers, timeout=60)
        if answer.status_code == 401:
            # A request signed the owner out, which it may; the others go on with a new token.
            headers.update(signed_in(base))
            answer = case.call(base_url=base, headers=headers, timeout=60)
        statuses[answer.status_code] += 1
        media_type = (answer.headers.get("content-type") or [""])[0]
        # Links in mails lead people to pages, which say in words that a link is over.
        is_page = case.path.startswith(PAGES) and media_type.startswith("text/html")
        is_problem = is_page or media_type == "application/problem+json"
        if answer.status_code >= 500 or (answer.status_code >= 400 and not is_problem):
            broken.append(f"{answer.status_code} {media_type} {case.as_curl_command()}")

    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            requests_of(found.ok(), mode, ask)
    assert not broken, "\n".join(broken[:20])
    assert statuses.total() > 200
    assert {200, 404, 422} <= statuses.keys(), statuses
    assert "Traceback" not in colonnade.text
