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

Write = Callable[..., Subject]

_numbers = itertools.count()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a plugin; a change puts its second text where the file has the first."""
    names = PluginNames.of(f"acme-quiz{next(_numbers)}")
    monkeypatch.syspath_prepend(str(tmp_path))

    def named(text: str) -> str:
        return text.replace("SERVICE", names.service).replace("TITLE", names.service.title())

    def written(file: str = "", *changes: tuple[str, str]) -> Subject:
        for path, text in plugin_files(names).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
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
