"""A change is written down once: in a change note until its release, in CHANGELOG.md then on."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gathering() -> Any:
    spec = importlib.util.spec_from_file_location("gather", ROOT / "changes" / "gather.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "changes", tmp_path / "changes")
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    return tmp_path


def test_the_page_repeats_no_change_note_and_points_to_them(gathering: Any) -> None:
    page = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert page.count(gathering.UNRELEASED) == 1
    unreleased = page.partition(gathering.UNRELEASED)[2].partition("\n## ")[0]
    assert unreleased.strip() == ""


def test_every_change_note_is_one_paragraph_of_a_known_kind(gathering: Any) -> None:
    for path in gathering.notes(ROOT / "changes"):
        text = path.read_text("utf-8").strip()
        assert text.endswith("."), path.name
        assert "\n\n" not in text, path.name


def test_a_release_moves_the_change_notes_into_the_page(gathering: Any, copy: Path) -> None:
    (copy / "changes" / "aardvark.added.md").write_text("Aardvarks have come.\n")
    (copy / "changes" / "zebra.removed.md").write_text("Zebras are gone.\n")
    before = gathering.notes(copy / "changes")
    gathering.gather(copy, "1.0.0", "2030-01-31")
    page = (copy / "CHANGELOG.md").read_text("utf-8")
    release = page.partition(gathering.UNRELEASED)[2].split("\n## ")[1]
    assert release.startswith("1.0.0 - 2030-01-31\n\n### Added\n\n- ")
    assert "\n- Zebras are gone.\n" in release.partition("### Removed\n")[2]
    assert release.count("\n- ") == len(before)
    assert gathering.notes(copy / "changes") == []
    with pytest.raises(ValueError, match="nothing to release"):
        gathering.gather(copy, "1.0.1", "2030-02-01")


def test_a_change_note_of_no_kind_is_refused(gathering: Any, copy: Path) -> None:
    (copy / "changes" / "zebra.improved.md").write_text("Zebras are better.\n")
    with pytest.raises(ValueError, match=r"zebra\.improved\.md: name it"):
        gathering.gather(copy, "1.0.0", "2030-01-31")
