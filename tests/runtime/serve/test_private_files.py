"""What the real command keeps is for its owner alone, also what an earlier version left open."""

import os
import stat
from pathlib import Path

import pytest
from colonnade_process import ROOT, running

from colonnade_runtime.adapters.disk.private_files import keep_files_private
from colonnade_runtime.assembly.declared import read_declaration

PLATFORM = """\
version: 1
environment: development
stores: {default: {sql: "sqlite:elsewhere/data", blobs: "file:var/blobs"}}
"""
TENANT = """\
version: 1
id: acme
name: Acme
currency: EUR
owner: {email: owner@acme.example}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("tenants", "policies"):
        (tmp_path / name).mkdir()
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "tenants" / "acme.yaml").write_text(TENANT)
    text = (ROOT / "policies" / "colonnade.rego").read_text()
    (tmp_path / "policies" / "colonnade.rego").write_text(text)
    return tmp_path


def open_to_others(*folders: Path) -> list[str]:
    found = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return [str(path) for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077]


@pytest.fixture
def left_open(site: Path) -> tuple[Path, Path]:
    """Files of an earlier version, under a usual umask."""
    before = os.umask(0o022)
    for folder in (site / "var" / "blobs" / "acme", site / "elsewhere" / "data" / "acme"):
        folder.mkdir(parents=True)
        (folder / "file").write_text("private")
    os.umask(before)
    return site / "var", site / "elsewhere" / "data"


def test_what_was_left_open_is_closed_and_links_are_not_followed(
    site: Path, left_open: tuple[Path, Path]
) -> None:
    outside = site / "outside"
    outside.write_text("for all")
    outside.chmod(0o644)
    (left_open[0] / "link").symlink_to(outside)
    before = os.umask(0o022)
    try:
        keep_files_private(read_declaration(site / "platform.yaml").loaded)
    finally:
        os.umask(before)
    links = [str(left_open[0] / "link")]
    assert [path for path in open_to_others(*left_open) if path not in links] == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    assert (left_open[0] / "blobs" / "acme" / "file").read_text() == "private"


@pytest.mark.slow
def test_whatever_the_command_makes_is_its_owners(site: Path, left_open: tuple[Path, Path]) -> None:
    before = os.umask(0o022)
    try:
        with running(site) as colonnade:
            colonnade.ready()
            assert list((site / "var" / "run").iterdir())
            assert open_to_others(*left_open) == []
    finally:
        os.umask(before)
