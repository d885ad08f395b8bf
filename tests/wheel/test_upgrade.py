"""Stores that the newest release has filled are taken up by today's code.

The release is built from its commit, as `releases.txt` lists it, without a network.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from environments import Installation, build_wheel, make_installation
from served import Served, served, wait_for

from tests.releases import NotHere, export, newest_release

pytestmark = pytest.mark.slow

PASSWORD = "a password for Ada"
CONTENT = b"what was handed in before the upgrade\n" * 100


@dataclass(frozen=True)
class Filled:
    """A stopped platform of the release, and what was put into it."""

    site: Path
    course: str
    enrollment: str
    file: str
    payment: str


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    try:
        version, commit = newest_release()
    except NotHere as why:
        pytest.skip(str(why))
    folder = tmp_path_factory.mktemp("release")
    wheel = build_wheel(export(commit, folder / "source"), folder / "wheel")
    assert wheel.name.startswith(f"colonnade-{version}-")
    made = make_installation(folder / "venv")
    made.install(wheel)
    return made


@pytest.fixture(scope="module")
def filled(release: Installation, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    folder = tmp_path_factory.mktemp("filled")
    written = release.colonnade("new", "site", "academy", cwd=folder)
    assert written.returncode == 0, written.stderr
    with served(release, folder / "academy") as platform:
        return Filled(folder / "academy", **dict(put_in(platform)))


@pytest.fixture
def site(filled: Filled, tmp_path: Path) -> Path:
    """A copy, as an operator makes one before the upgrade."""
    return shutil.copytree(filled.site, tmp_path / "academy")


def created(client: httpx.Client, path: str, key: str = "", **body: Any) -> str:
    answer = client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code in (201, 202), answer.text
    identifier: str = answer.json()["id"]
    return identifier


def learner(platform: Served) -> httpx.Client:
    return platform.person("acme", "ada@example.org", PASSWORD)


def put_in(platform: Served) -> Iterator[tuple[str, str]]:
    """A course that was bought and completed, and a file, each by its name in `Filled`."""
    with platform.owner("acme") as owner:
        price = {"amount": 4900, "currency": "EUR"}
        course = created(owner, "/courses", title="Python", slug="python", price=price)
        section = created(owner, "/sections", course_id=course, title="Start", position=0)
        lesson = created(owner, "/lessons", section_id=section, title="Hello", position=0)
        assert owner.post(f"/courses/{course}/publish").status_code == 200
        sent = owner.post("/files", files={"file": ("notes.txt", CONTENT, "text/plain")})
        assert sent.status_code == 201, sent.text
        account = {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"}
        assert owner.post("/auth/register", json=account).status_code == 201
    with learner(platform) as ada:
        payment = created(ada, "/payments", "ada-1", course_id=course, method="tok_ok")
        wait_for(lambda: ada.get(f"/payments/{payment}").json()["status"] == "captured")
        [enrollment] = wait_for(lambda: enrollments(ada, course, "active"))
        done = ada.put(
            f"/enrollments/{enrollment['id']}/lessons/{lesson}", json={"status": "completed"}
        )
        assert done.status_code == 200, done.text
    yield from {
        "course": course, "enrollment": enrollment["id"],
        "file": sent.json()["id"], "payment": payment,
    }.items()  # fmt: skip


def enrollments(client: httpx.Client, course: str, status: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/enrollments?course_id={course}").json()["items"]
    return [item for item in items if item["status"] == status]


def everything_is_there(platform: Served, filled: Filled) -> None:
    with learner(platform) as ada:
        [enrollment] = enrollments(ada, filled.course, "completed")
        assert (enrollment["id"], enrollment["progress"]) == (filled.enrollment, 100)
        assert ada.get(f"/payments/{filled.payment}").json()["status"] == "captured"
    with platform.owner("acme") as owner:
        assert owner.get(f"/courses/{filled.course}").json()["title"] == "Python"
        assert owner.get(f"/files/{filled.file}/content").content == CONTENT
        again = created(owner, "/sections", course_id=filled.course, title="More", position=1)
        assert owner.get(f"/sections/{again}").status_code == 200
        [transaction] = owner.get("/transactions").json()["items"]
        assert (transaction["kind"], transaction["reference"]) == ("capture", filled.payment)
        assert sum(posting["amount"]["amount"] for posting in transaction["postings"]) == 0


def test_a_start_takes_the_stores_up(
    installation: Installation, filled: Filled, site: Path
) -> None:
    checked = installation.colonnade("check", cwd=site)
    assert (checked.returncode, checked.stderr) == (0, "")
    with served(installation, site) as platform:
        everything_is_there(platform, filled)


def test_migrating_beforehand_leaves_nothing_to_the_start(
    installation: Installation, filled: Filled, site: Path
) -> None:
    migrated = installation.colonnade("migrate", cwd=site)
    assert migrated.returncode == 0, migrated.stderr
    again = installation.colonnade("migrate", "--check", cwd=site)
    assert again.returncode == 0, again.stdout
    with served(installation, site) as platform:
        everything_is_there(platform, filled)
