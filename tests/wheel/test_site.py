"""From a wheel to a platform that answers, without a checkout."""

import json
from pathlib import Path

import pytest
from environments import ROOT, Installation
from served import served

pytestmark = pytest.mark.slow


def test_nothing_of_the_checkout_is_visible(installation: Installation, tmp_path: Path) -> None:
    script = (
        "import sys, json, colonnade, colonnade_runtime, colonnade_course, acme_quiz\n"
        "from importlib.metadata import entry_points\n"
        "modules = [colonnade, colonnade_runtime, colonnade_course, acme_quiz]\n"
        "names = sorted(entry.name for entry in entry_points(group='colonnade.plugins'))\n"
        "print(json.dumps([[m.__file__ for m in modules], sys.path, names]))"
    )
    files, path, names = json.loads(
        installation.run(installation.python, "-c", script, cwd=tmp_path).stdout
    )
    assert all(Path(file).is_relative_to(installation.folder) for file in files)
    assert not [place for place in path if Path(place) in (ROOT / "core", ROOT / "plugins", ROOT)]
    assert len(names) == len(set(names))
    assert {"acme-quiz", "content", "course", "user"} <= set(names)


def test_a_new_site_is_valid(installation: Installation, site: Path) -> None:
    assert {path.name for path in site.iterdir()} == {
        "platform.yaml",
        "tenants",
        "policies",
        "docs",
    }
    checked = installation.colonnade("check", cwd=site)
    assert (checked.returncode, checked.stdout) == (0, "platform.yaml is valid.\n")


def test_a_new_site_runs(installation: Installation, site: Path) -> None:
    with served(installation, site) as platform, platform.owner("acme") as owner:
        course = owner.post("/courses", json={"title": "Python", "slug": "python"})
        assert course.status_code == 201
        assert owner.get(course.headers["location"].removeprefix("/api/v1")).status_code == 200
        with platform.owner("globex") as other:
            assert other.get(f"/courses/{course.json()['id']}").status_code == 404


def test_an_installed_plugin_that_nobody_enables_changes_nothing(
    installation: Installation, site: Path
) -> None:
    plan = json.loads(installation.colonnade("plan", "--format", "json", cwd=site).stdout)
    assert "quiz" not in [service["name"] for service in plan["services"]]
