"""Colonnade and others' plugins as their users have them: wheels in an environment of their own.

The environment is empty but for what is installed into it. What Colonnade depends on comes from
the environment of these tests, without a network: a folder of links to each package there, except
Colonnade's own editable installation, so that neither the checkout nor its entry points are seen.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from environments import FIXTURES, ROOT, Installation, build_wheel, make_installation


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels by distribution: Colonnade's and the quiz plugin's."""
    built = tmp_path_factory.mktemp("wheels")
    quiz = built / "acme_quiz_source"
    shutil.copytree(FIXTURES / "acme_quiz", quiz)
    return {
        "colonnade": build_wheel(ROOT, built / "colonnade"),
        "acme-quiz": build_wheel(quiz, built / "acme-quiz"),
    }


@pytest.fixture(scope="session")
def installation(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Colonnade and the quiz plugin, installed."""
    made = make_installation(tmp_path_factory.mktemp("environment") / "venv")
    made.install(*wheels.values())
    return made


@pytest.fixture
def fresh_installation(wheels: dict[str, Path], tmp_path: Path) -> Installation:
    """Colonnade alone, in an environment that the test may change."""
    made = make_installation(tmp_path / "venv")
    made.install(wheels["colonnade"])
    return made


@pytest.fixture(scope="session")
def new_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site as `colonnade new site` writes it, which no test changes."""
    folder = tmp_path_factory.mktemp("new")
    written = installation.colonnade("new", "site", "academy", cwd=folder)
    assert written.returncode == 0, written.stderr
    return folder / "academy"


@pytest.fixture
def site(new_site: Path, tmp_path: Path) -> Path:
    """A copy of the new site for one test."""
    return Path(shutil.copytree(new_site, tmp_path / "academy"))
