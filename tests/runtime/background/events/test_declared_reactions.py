"""Reactions that are found by reading a plugin's package, without starting its service."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from colonnade.errors import ConfigurationError
from colonnade_runtime.background.events.declared_reactions import declared_reactions

REACTIONS = """\
from ledger.api import Deposited
from colonnade.events import reacts_to


class Bookkeeping:
    @reacts_to(Deposited)
    def book(self, session, event):
        pass


class Inherited(Bookkeeping):
    pass
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plugin's package; modules are written before it is looked at."""
    folder = tmp_path / "found_plugin"
    (folder / "deep" / "er").mkdir(parents=True)
    for each in (folder, folder / "deep", folder / "deep" / "er"):
        (each / "__init__.py").write_text("")
    (folder / "plugin.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "found_plugin"]:
        del sys.modules[name]


def plugin() -> ModuleType:
    return importlib.import_module("found_plugin.plugin")


def test_they_are_found_at_every_depth_and_when_inherited(package: Path) -> None:
    (package / "deep" / "er" / "reactions.py").write_text(REACTIONS)
    found = declared_reactions(plugin())
    assert set(found) == {"Bookkeeping.book", "Inherited.book"}
    assert found["Bookkeeping.book"].type == "colonnade.ledger.Deposited.v1"


def test_a_module_whose_library_is_not_installed_hides_no_other(package: Path) -> None:
    (package / "optional.py").write_text("import a_library_that_nobody_has")
    (package / "reactions.py").write_text(REACTIONS)
    assert "Bookkeeping.book" in declared_reactions(plugin())


def test_migrations_and_tests_are_not_imported(package: Path) -> None:
    for name in ("migrations", "tests"):
        (package / name).mkdir()
        (package / name / "__init__.py").write_text("raise RuntimeError('imported')")
    assert declared_reactions(plugin()) == {}


@pytest.mark.parametrize("text", ["raise RuntimeError('broken')", "import found_plugin.nothing"])
def test_a_broken_module_is_named(package: Path, text: str) -> None:
    (package / "broken.py").write_text(text)
    with pytest.raises(ConfigurationError, match=r"found_plugin\.broken"):
        declared_reactions(plugin())


def test_a_renamed_class_is_found_under_the_name_that_is_stored(package: Path) -> None:
    named = REACTIONS.replace("class Bookkeeping", '@reactions_named("Books")\nclass Bookkeeping')
    named = named.replace("reacts_to\n", "reactions_named, reacts_to\n", 1)
    (package / "reactions.py").write_text(named)
    assert set(declared_reactions(plugin())) == {"Books.book", "Inherited.book"}
