"""A third party's extension: a payment provider and a channel for services of ours."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from environments import FIXTURES, Installation, build_wheel
from served import served, wait_for

pytestmark = pytest.mark.slow


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_it_takes_money_reaches_people_and_reports(
    fresh_installation: Installation, tmp_path: Path
) -> None:
    source = shutil.copytree(FIXTURES / "acme_extras", tmp_path / "source")
    fresh_installation.install(build_wheel(source, tmp_path / "dist"))
    assert fresh_installation.colonnade("new", "site", "academy", cwd=tmp_path).returncode == 0
    site = tmp_path / "academy"
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"]["payment"] = {"config": {"provider": "acme"}}
    declared["plugins"] = {"acme-extras": {"config": {"folder": "var/acme"}}}
    (site / "platform.yaml").write_text(yaml.safe_dump(declared))
    books = site / "var" / "acme"
    with served(fresh_installation, site) as platform, platform.owner("acme") as owner:
        course = {"title": "Python", "slug": "python"}
        price = {"amount": 4900, "currency": "EUR"}
        made = owner.post("/courses", json={**course, "price": price}).json()["id"]
        owner.post(f"/courses/{made}/publish")
        person = {"email": "ada@example.org", "password": "a long password"}
        with platform.client("acme") as client:
            client.post("/auth/register", json={**person, "name": "Ada"})
            token = client.post("/auth/login", json=person).json()["access_token"]
        with platform.client("acme", token) as ada:
            assert "pager" in ada.get("/notifications/preferences").json()["channels"]
            broke = pay(ada, made, "broke")
            wait_for(lambda: ada.get(f"/payments/{broke}").json()["status"] == "declined")
            bought = pay(ada, made, "tok_acme")
            wait_for(lambda: ada.get(f"/payments/{bought}").json()["status"] == "captured")
        kinds = owner.get("/reports/kinds").json()["items"]
        assert "acme_takings" in [kind["name"] for kind in kinds]
        report = owner.post("/reports", json={"kind": "acme_takings"})
        assert report.status_code == 202, report.text
        where = f"/reports/{report.json()['id']}"
        wait_for(lambda: owner.get(where).json()["status"] == "ready")
        assert "acme" in owner.get(f"{where}/content").text
        wait_for(lambda: "payment_captured" in [line[1] for line in lines(books / "pager.jsonl")])
    taken = [action for action, key in lines(books / "bank.jsonl")]
    assert taken == ["authorize", "authorize", "capture"]
    paged = [line[0] for line in lines(books / "pager.jsonl")]
    assert len(paged) == len(set(paged))


def pay(client: Any, course: str, method: str) -> str:
    answer = client.post(
        "/payments",
        json={"course_id": course, "method": method},
        headers={"Idempotency-Key": f"key-{method}"},
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])
