"""What `colonnade new plugin` writes is built, installed, tested and served as it is."""

from pathlib import Path

import pytest
import yaml
from environments import Installation, build_wheel
from served import served

pytestmark = pytest.mark.slow


def written(installation: Installation, folder: Path, name: str) -> Path:
    told = installation.colonnade("new", "plugin", name, "--into", folder, cwd=folder.parent)
    assert told.returncode == 0, told.stderr
    return folder


def test_it_passes_at_once(fresh_installation: Installation, tmp_path: Path) -> None:
    project = written(fresh_installation, tmp_path / "project", "quiz")
    checked = fresh_installation.colonnade("check", "--plugin", project, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    fresh_installation.install(build_wheel(project, tmp_path / "dist"))
    python = fresh_installation.python
    ran = fresh_installation.run(python, "-m", "pytest", "-q", cwd=project)
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout


def test_one_may_take_the_place_of_a_service_of_ours(
    fresh_installation: Installation, tmp_path: Path
) -> None:
    """`services.content: {plugin: acme-content}`: its routes are there, ours are not."""
    project = written(fresh_installation, tmp_path / "project", "acme-content")
    fresh_installation.install(build_wheel(project, tmp_path / "dist"))
    assert fresh_installation.colonnade("new", "site", "academy", cwd=tmp_path).returncode == 0
    site = tmp_path / "academy"
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"]["content"] = {"plugin": "acme-content", "config": {"maximum_items": 1}}
    (site / "platform.yaml").write_text(yaml.safe_dump(declared))
    with served(fresh_installation, site) as platform, platform.owner("acme") as owner:
        first = owner.post("/content-items", json={"title": "Read me"})
        assert first.status_code == 201, first.text
        assert owner.get(f"/content-items/{first.json()['id']}").json()["title"] == "Read me"
        second = owner.post("/content-items", json={"title": "Too much"})
        assert (second.status_code, second.json()["code"]) == (409, "content_full")
        assert owner.get("/files").status_code == 404
