"""The certificates plugin of the pages for authors, installed: in one process and in several."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from environments import ROOT, Installation, build_wheel, clean_environment, make_installation
from served import PASSWORD, SECONDS, Served, free_port, served, wait_for

EXAMPLE = ROOT / "docs" / "plugin-authors" / "examples" / "certificates"
SIGNER = {"certificates": {"config": {"signer": "Grace Hopper"}}}
HTML = {"Accept": "text/html"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certifying(
    wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Installation, Path]:
    """Colonnade and the plugin, installed, and the folder that the plugin was built in."""
    folder = tmp_path_factory.mktemp("certificates")
    source = shutil.copytree(EXAMPLE, folder / "source")
    made = make_installation(folder / "venv")
    made.install(wheels["colonnade"], build_wheel(source, folder / "dist"))
    return made, source


def declare(installation: Installation, folder: Path, **platform: Any) -> Path:
    """A new site with the plugin, whose academy says who signs."""
    assert installation.colonnade("new", "site", "academy", cwd=folder).returncode == 0
    site = folder / "academy"
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"]["certificates"] = None
    (site / "platform.yaml").write_text(yaml.safe_dump({**declared, **platform}))
    tenant = site / "tenants" / "acme.yaml"
    academy = yaml.safe_load(tenant.read_text())
    academy.setdefault("services", {}).update(SIGNER)
    tenant.write_text(yaml.safe_dump(academy))
    return site


def course_of(owner: httpx.Client) -> tuple[str, str]:
    """A published course of one lesson."""
    course = owner.post("/courses", json={"title": "Python", "slug": "python"}).json()["id"]
    section = {"course_id": course, "title": "Start", "position": 0}
    inside = {"section_id": owner.post("/sections", json=section).json()["id"], "position": 0}
    lesson = owner.post("/lessons", json={**inside, "title": "Hello"}).json()["id"]
    assert owner.post(f"/courses/{course}/publish").status_code == 200
    return course, lesson


def learner(platform: Served, name: str) -> httpx.Client:
    person = {"email": f"{name}@example.org", "password": "a long password"}
    with platform.client("acme") as client:
        made = client.post("/auth/register", json={**person, "name": name.title()})
        assert made.status_code == 201, made.text
    return platform.person("acme", person["email"], person["password"])


def complete(who: httpx.Client, course: str, lesson: str) -> None:
    enrollment = who.post("/enrollments", json={"course_id": course}).json()["id"]
    learnt = who.put(f"/enrollments/{enrollment}/lessons/{lesson}", json={"status": "completed"})
    assert learnt.status_code == 200, learnt.text


def certificate_of(who: httpx.Client) -> Any:
    found = wait_for(lambda: who.get("/certificates").json()["items"])
    assert len(found) == 1
    return found[0]


def expect_certified(platform: Served, installation: Installation, site: Path) -> None:
    """Ada completes a course: she has a certificate, is told, and shows it to the world."""
    with platform.owner("acme") as owner, learner(platform, "ada") as ada:
        course, lesson = course_of(owner)
        complete(ada, course, lesson)
        found = certificate_of(ada)
        assert (found["name"], found["course_title"]) == ("Ada", "Python")
        told = wait_for(
            lambda: [
                each
                for each in ada.get("/notifications").json()["items"]
                if each["kind"] == "certificate_issued"
            ]
        )
        assert told[0]["link"].endswith(f"/certificates/{found['code']}")
        expect_pages(platform, found["code"])
        listed = installation.colonnade("certificate", "list", "--tenant", "acme", cwd=site)
        assert f"{found['id']}  {found['code']}  valid  Python" in listed.stdout, listed.stderr
        said = ("--tenant", "acme", "--reason", "Copied.")
        revoked = installation.colonnade("certificate", "revoke", found["id"], *said, cwd=site)
        assert revoked.stdout == f"{found['id']} is revoked.\n", revoked.stderr
        assert ada.get(f"/certificates/{found['id']}").json()["revocation_reason"] == "Copied."
        shown = page_of(platform, f"/certificates/{found['code']}")
        assert "This certificate was revoked." in shown.text


def page_of(platform: Served, path: str, host: str = "acme.localhost") -> httpx.Response:
    return httpx.get(f"{platform.url}{path}", headers={**HTML, "Host": host}, timeout=SECONDS)


def expect_pages(platform: Served, code: str) -> None:
    shown = page_of(platform, f"/certificates/{code}")
    assert shown.status_code == 200, shown.text
    assert "<h1>Ada</h1>" in shown.text
    assert "Grace Hopper" in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    printed = page_of(platform, f"/certificates/{code}/pdf")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-"), printed.text
    elsewhere = page_of(platform, f"/certificates/{code}", "globex.localhost")
    assert (elsewhere.status_code, elsewhere.headers["content-type"][:9]) == (404, "text/html")
    assert page_of(platform, "/certificates").status_code == 404


def test_its_own_tests_pass(certifying: tuple[Installation, Path]) -> None:
    installation, source = certifying
    ran = installation.run(installation.python, "-m", "pytest", "-q", cwd=source)
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout


def test_it_runs_in_one_process(certifying: tuple[Installation, Path], tmp_path: Path) -> None:
    installation, _ = certifying
    site = declare(installation, tmp_path)
    with served(installation, site) as platform:
        expect_certified(platform, installation, site)


@contextmanager
def split(installation: Installation, site: Path, port: int) -> Iterator[Served]:
    """`colonnade up` until the block ends."""
    log = site / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(installation.command), "up"],
            cwd=site,
            env=clean_environment(COLONNADE_OWNER_PASSWORD=PASSWORD),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = Served(f"http://127.0.0.1:{port}", process)

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return running.ready().status_code == 200
            except httpx.TransportError:
                return False

        try:
            wait_for(answers)
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(SECONDS)
    assert code == 0, log.read_text()


@pytest.mark.server
def test_it_runs_in_several_processes_and_gets_its_history(
    certifying: tuple[Installation, Path], nats_url: str, tmp_path: Path
) -> None:
    """Over NATS, with a gateway in front; what was before it an operator hands to it."""
    installation, _ = certifying
    first = free_port()
    processes = {
        "people": {"services": ["user", "notification"], "gateway": {"port": 0}},
        "learning": {"services": ["course", "content"], "gateway": {"port": 0}},
        "money": {"services": ["payment", "analytics"], "gateway": {"port": 0}},
        "papers": {"services": ["certificates"], "gateway": {"port": 0}},
    }
    over = {"bus": nats_url, "discovery": nats_url, "processes": processes}
    site = declare(installation, tmp_path, gateway={"port": first}, **over)
    with split(installation, site, first) as platform:
        expect_certified(platform, installation, site)
        for reaction in ("registered", "completed"):
            told = installation.colonnade(
                *("outbox", "republish", "--since", "1h", "--format", "json"),
                *("--to", f"certificates:Reactions.{reaction}"),
                cwd=site,
            )
            assert told.returncode == 0, told.stderr
            rows = {row["tenant"]: row for row in json.loads(told.stdout)}
            assert rows["acme"]["delivered"] == 0, "it has heard all of it already"
            assert rows["acme"]["passed_over"] > 0
