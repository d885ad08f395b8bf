"""What `colonnade new plugin` writes is built, installed, tested and served as it is."""

import shlex
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from environments import ROOT, Installation, build_wheel, make_installation
from served import served

pytestmark = pytest.mark.slow


def written(installation: Installation, folder: Path, name: str) -> Path:
    told = installation.colonnade("new", "plugin", name, "--into", folder, cwd=folder.parent)
    assert told.returncode == 0, told.stderr
    return folder


def pip(installation: Installation, *arguments: object, cwd: Path) -> None:
    """An installation by pip, without an index: what is there has to do."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--python", installation.python, "install", "--no-index", "--no-build-isolation"]
    ran = installation.run(*command, *options, *arguments, cwd=cwd)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("source", ["a checkout", "a wheel"])
def test_the_install_lines_of_the_tutorial_work(
    source: str, wheels: dict[str, Path], tmp_path: Path
) -> None:
    """Colonnade with its tests' libraries, then the plugin by the line that its author is told."""
    bare = make_installation(tmp_path / "venv")
    if source == "a wheel":
        shutil.copy(wheels["colonnade"], tmp_path)
        pip(bare, f"./{wheels['colonnade'].name}[test]", cwd=tmp_path)
    else:
        pip(bare, "-e", f"{ROOT}[test]", cwd=tmp_path)
    told = bare.colonnade("new", "plugin", "quiz", "--item", "question", cwd=tmp_path)
    [line] = [line for line in told.stdout.splitlines() if line.startswith("Install it with: ")]
    pip(bare, *shlex.split(line.partition(": pip install ")[2]), cwd=tmp_path)
    checked = bare.colonnade("check", "--plugin", "colonnade-quiz", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout


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
