"""A third party's plugin, installed beside Colonnade: everything it adds works as ours does."""

import hashlib
import hmac
import shutil
from pathlib import Path

import httpx
import pytest
import yaml
from environments import FIXTURES, Installation
from served import Served, served, wait_for

pytestmark = pytest.mark.slow

NOTHING = "0190a000-0000-7000-8000-000000000001"
VAULT = {"ACME_VAULT_EXAMINER": "a key for certificates"}


@pytest.fixture
def quiz_site(site: Path) -> Path:
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"]["quiz"] = {
        "plugin": "acme-quiz",
        "config": {"key": {"secret": "acme:examiner"}},
    }
    (site / "platform.yaml").write_text(yaml.safe_dump(declared))
    return site


def register(platform: Served, tenant: str, name: str) -> httpx.Client:
    with platform.client(tenant) as client:
        person = {"email": f"{name}@example.org", "password": "a long password"}
        assert client.post("/auth/register", json={**person, "name": name}).status_code == 201
        token = client.post("/auth/login", json=person).json()["access_token"]
    return platform.client(tenant, token)


def make_quiz(owner: httpx.Client) -> tuple[str, str]:
    course = owner.post("/courses", json={"title": "Python", "slug": "python"}).json()["id"]
    assert owner.post(f"/courses/{course}/publish").status_code == 200
    made = owner.post("/quizzes", json={"course_id": course, "title": "Loops"})
    assert made.status_code == 201, made.text
    return course, made.json()["id"]


def hand_in(learner: httpx.Client, quiz: str, paper: str) -> str:
    answer = learner.post("/attempts", json={"quiz_id": quiz, "paper": paper})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ended(learner: httpx.Client, attempt: str) -> dict[str, str]:
    def look() -> dict[str, str] | None:
        found: dict[str, str] = learner.get(f"/attempts/{attempt}").json()
        return found if found["status"] != "submitted" else None

    found: dict[str, str] = wait_for(look)
    return found


def test_it_checks_and_says_what_it_adds(installation: Installation, quiz_site: Path) -> None:
    checked = installation.colonnade("check", cwd=quiz_site, **VAULT)
    assert checked.returncode == 0, checked.stderr
    plan = installation.colonnade("plan", cwd=quiz_site).stdout
    assert "POST /api/v1/quizzes" in plan
    graph = installation.colonnade("graph", "--format", "mermaid", cwd=quiz_site).stdout
    assert "quiz --> course" in graph


def test_its_commands_are_commands_of_the_platform(
    installation: Installation, quiz_site: Path
) -> None:
    (quiz_site / "paper.txt").write_text("my own answers")
    told = installation.colonnade("quiz", "inspect", "paper.txt", cwd=quiz_site)
    assert told.stdout == "paper.txt: genuine\n"


def test_its_service_runs_over_http(installation: Installation, quiz_site: Path) -> None:
    """An operation that asks another service, a saga with each of its ends, an event counted."""
    with served(installation, quiz_site, **VAULT) as platform, platform.owner("acme") as owner:
        course, quiz = make_quiz(owner)
        with register(platform, "acme", "ada") as ada:
            good = hand_in(ada, quiz, "my own answers")
            passed = ended(ada, good)
            slow = ended(ada, hand_in(ada, quiz, "slow but sure"))
            refused = ended(ada, hand_in(ada, quiz, "forged"))
        assert (passed["status"], slow["status"]) == ("passed", "passed")
        assert (refused["status"], refused["certificate"]) == ("rejected", None)
        key = VAULT["ACME_VAULT_EXAMINER"].encode()
        expected = hmac.new(key, f"{good}:certify".encode(), hashlib.sha256).hexdigest()
        assert passed["certificate"] == expected, "the secret comes from the plugin's resolver"
        wait_for(lambda: owner.get(f"/quizzes/{quiz}").json()["passes"] == 2)
        with register(platform, "acme", "eve") as eve:
            assert eve.get(f"/attempts/{good}").status_code == 404
            assert eve.post("/quizzes", json={"course_id": course, "title": "x"}).status_code == 403
        with platform.owner("globex") as stranger:
            assert stranger.get(f"/quizzes/{quiz}").status_code == 404
        assert owner.delete(f"/courses/{course}").status_code in (200, 204)
        wait_for(lambda: owner.get(f"/quizzes/{quiz}").status_code == 404)


def test_it_takes_part_in_the_edge(installation: Installation, quiz_site: Path) -> None:
    """Its filter is around every service's routes, its check is part of readiness."""
    with served(installation, quiz_site, **VAULT) as platform:
        with platform.client("acme") as client:
            assert client.get("/courses").headers["x-acme-quiz"] == "1.4.0"
            assert client.get(f"/quizzes/{NOTHING}").status_code == 401
        closed = quiz_site / "var" / "examiner" / "closed"
        closed.parent.mkdir(parents=True, exist_ok=True)
        closed.touch()
        answer = wait_for(lambda: (found := platform.ready()).status_code == 503 and found)
        assert "The examiner is closed" in answer.text
        closed.unlink()
        wait_for(lambda: platform.ready().status_code == 200)
        document = httpx.get(f"{platform.url}/openapi.json").json()
        assert "/api/v1/quizzes/{quiz_id}" in document["paths"]


def test_a_secret_that_its_vault_lacks_is_a_sentence(
    installation: Installation, quiz_site: Path
) -> None:
    production = (
        *("--set", "environment=production", "--set", "gateway.domain=learn.example"),
        *("--set", "gateway.health.port=0"),
    )
    ran = installation.colonnade(
        *production, "run", cwd=quiz_site, COLONNADE_OWNER_PASSWORD="a very long password"
    )
    assert ran.returncode == 1
    assert "holds no secret 'examiner'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_passes_its_own_contract(installation: Installation, tmp_path: Path) -> None:
    """The two-line test, and those on a bench, run where only wheels are."""
    tests = tmp_path / "author" / "tests"
    shutil.copytree(FIXTURES / "acme_quiz" / "tests", tests)
    (tmp_path / "author" / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    ran = installation.run(
        installation.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout


def test_its_policy_engine_decides(installation: Installation, quiz_site: Path) -> None:
    with (
        served(installation, quiz_site, "policy.engine=acme:closed", **VAULT) as platform,
        platform.client("acme") as client,
    ):
        assert client.get("/courses").status_code == 401, "open to everybody with our engine"
