"""A plugin as `colonnade new plugin` writes it, to be broken in one place at a time."""

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest

from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files
from colonnade_runtime.testing.contract import Subject
from colonnade_runtime.testing.contract.rules.recording import contract_is_recorded

Write = Callable[..., Subject]

_numbers = itertools.count()


def lay_out_plugin(names: PluginNames, folder: Path) -> None:
    for path, text in plugin_files(names).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    importlib.invalidate_caches()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[PluginNames], str]:
    """Contract of such a plugin as its author would have recorded it, by its names."""
    folder, names = tmp_path_factory.mktemp("recorded"), PluginNames.of("acme-recordedquiz")
    lay_out_plugin(names, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        module = importlib.import_module(f"{names.package}.plugin")
        subject = Subject(module, snapshot=folder / "contract.json", update=True)
        assert list(contract_is_recorded(subject)) == []
    text = (folder / "contract.json").read_text()
    service, title = names.service, names.service.title()

    def named(other: PluginNames) -> str:
        return text.replace(service, other.service).replace(title, other.service.title())

    return named


@pytest.fixture
def write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Callable[[PluginNames], str]
) -> Iterator[Write]:
    """Writes a plugin; a change puts its second text where the file has the first."""
    names = PluginNames.of(f"acme-quiz{next(_numbers)}")
    monkeypatch.syspath_prepend(str(tmp_path))

    def named(text: str) -> str:
        return text.replace("SERVICE", names.service).replace("TITLE", names.service.title())

    def written(file: str = "", *changes: tuple[str, str]) -> Subject:
        lay_out_plugin(names, tmp_path)
        (tmp_path / "tests" / "contract.json").write_text(recorded(names))
        for old, new in changes:
            path = tmp_path / names.package / named(file)
            text = path.read_text()
            assert named(old) in text, f"{file} does not hold {named(old)!r}"
            path.write_text(text.replace(named(old), named(new)))
        importlib.invalidate_caches()
        module = importlib.import_module(f"{names.package}.plugin")
        return Subject(module, snapshot=tmp_path / "tests/contract.json")

    yield written
    for name in [name for name in sys.modules if name.partition(".")[0] == names.package]:
        del sys.modules[name]
