"""Names that `colonnade new plugin` gives to what the service keeps."""

import importlib
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colonnade.errors import ConfigurationError
from colonnade_runtime.cli import main
from colonnade_runtime.cli.new.item_names import ItemNames, plural_of
from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files
from colonnade_runtime.testing.contract import RULES, Subject


def new_plugin(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["new", "plugin", *map(str, arguments)])


@pytest.mark.parametrize(
    ("word", "several"),
    [
        ("question", "questions"),
        ("course-review", "course-reviews"),
        ("entry", "entries"),
        ("survey", "surveys"),
        ("class", "classes"),
        ("match", "matches"),
        ("box", "boxes"),
    ],
)
def test_an_item_has_the_plural_of_its_word(word: str, several: str) -> None:
    assert plural_of(word) == several


def test_a_plugin_with_an_item_of_its_own_speaks_of_nothing_else() -> None:
    files = plugin_files(PluginNames.of("acme-survey", "analysis", "analyses"))
    package = {path: text for path, text in files.items() if path.parts[0] == "acme_survey"}
    api, routes = (package[Path("acme_survey", name)] for name in ("api.py", "routes.py"))
    assert "class CreateAnalysis(Request[Analysis]):" in api
    assert 'action="analysis.create"' in api
    assert "class ListAnalyses(" in api
    assert '"""Write an analysis."""' in api
    assert 'path = "/analyses"' in routes
    for path, text in package.items():
        assert "item" not in text.replace("items()", "").lower(), path


def test_a_plugin_with_an_item_of_its_own_keeps_every_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = new_plugin("acme-appraisal", "--item", "course-review", "--into", tmp_path)
    assert told.exit_code == 0, told.output
    assert f"pip install -e '{tmp_path}[test]'" in told.output
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        subject = Subject(
            importlib.import_module("acme_appraisal.plugin"),
            snapshot=tmp_path / "tests" / "contract.json",
        )
        assert {rule.name: rule.problems(subject) for rule in RULES if rule.problems(subject)} == {}
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "acme_appraisal"]:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("item", "plural", "says"),
    [
        ("message", None, "An item cannot be called 'message'; choose another"),
        ("Question", None, "'Question' is no name for an item"),
        ("two words", None, "'two words' is no name for an item"),
        ("x" * 31, None, "is no name for an item"),
        ("news", "news", "'news' needs a plural of its own; say it with --plural"),
        ("mouse", "Mice!", "'Mice!' is no name for an item"),
        (None, "mice", "--plural goes with --item"),
    ],
)
def test_a_name_that_cannot_be_one_is_a_sentence(
    item: str | None, plural: str | None, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        ItemNames.of("quiz", item, plural)


def test_a_refused_name_writes_nothing(tmp_path: Path) -> None:
    told = new_plugin("quiz", "--item", "page", "--into", tmp_path / "quiz")
    assert told.exit_code == 1
    assert "An item cannot be called 'page'" in told.output
    assert not (tmp_path / "quiz").exists()
