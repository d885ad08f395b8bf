"""A broken plugin is named with its distribution, and the platform does not start."""

from pathlib import Path

import pytest
import yaml
from environments import Installation

pytestmark = pytest.mark.slow

INFO = """\
from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo

@hookimpl
def plugin_info():
    return PluginInfo("acme-broken", "2.1.0", "broken"{more}, description="Broken.")
"""
BROKEN = {
    "it cannot be imported": (
        "import a_library_that_nobody_has\n",
        "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    ),
    "it implements an unknown hook": (
        INFO.format(more="") + "\n@hookimpl\ndef operation():\n    return []\n",
        "did you mean 'operations'?",
    ),
    "a hook has a wrong signature": (
        INFO.format(more="") + "\n@hookimpl\ndef stores(folder):\n    return None\n",
        "folder",
    ),
    "it requires what is not enabled": (
        INFO.format(more=', requires=("attic",)'),
        "requires the service 'attic'",
    ),
}


def install_broken(folder: Path, source: str) -> Path:
    """A distribution on the path, as an installer leaves it."""
    information = folder / "acme_broken-2.1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-broken\nVersion: 2.1.0\n"
    )
    (information / "entry_points.txt").write_text(
        "[colonnade.plugins]\nacme-broken = acme_broken_plugin\n"
    )
    (folder / "acme_broken_plugin.py").write_text(source)
    return folder


def enable(site: Path) -> None:
    declared = yaml.safe_load((site / "platform.yaml").read_text())
    declared["services"]["broken"] = {"plugin": "acme-broken"}
    (site / "platform.yaml").write_text(yaml.safe_dump(declared))


@pytest.mark.parametrize("kind", BROKEN)
def test_an_enabled_one_keeps_the_platform_from_starting(
    installation: Installation, site: Path, tmp_path: Path, kind: str
) -> None:
    source, says = BROKEN[kind]
    library = install_broken(tmp_path / "library", source)
    enable(site)
    for command in ("check", "run"):
        told = installation.colonnade(command, cwd=site, PYTHONPATH=str(library))
        assert told.returncode == 1
        assert "acme-broken 2.1.0" in told.stderr
        assert says in told.stderr
        assert "remove" in told.stderr, "it says what to do"
        assert "Traceback" not in told.stderr


def test_one_that_is_not_enabled_matters_to_the_doctor_alone(
    installation: Installation, site: Path, tmp_path: Path
) -> None:
    source, says = BROKEN["it cannot be imported"]
    library = install_broken(tmp_path / "library", source)
    assert installation.colonnade("check", cwd=site, PYTHONPATH=str(library)).returncode == 0
    told = installation.colonnade("doctor", cwd=site, PYTHONPATH=str(library))
    assert told.returncode == 1
    assert "problem plugin 'acme-broken' (acme-broken 2.1.0)" in told.stdout
    assert says in told.stdout
