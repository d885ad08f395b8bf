"""The reference says what the code says."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from colonnade_runtime.cli.plan_schemas import type_text

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
NAMES = (Path(__file__).parents[1] / "core" / "public_names.txt").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def generate() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def made(generate: ModuleType) -> dict[str, str]:
    pages: dict[str, str] = generate.pages()
    return pages


@pytest.mark.parametrize("name", ["core.md", "operations.md", "events.md"])
def test_a_page_is_what_the_code_makes(made: dict[str, str], name: str) -> None:
    """Signatures of core are thereby recorded, too: a change of one is one of this page."""
    assert (REFERENCE / name).read_text("utf-8") == made[name], "If this is meant: make reference"


def test_every_public_name_of_core_is_in_it(made: dict[str, str]) -> None:
    page = made["core.md"]
    sections = {part.partition("`")[0]: part for part in page.split("\n## `")[1:]}
    for line in NAMES:
        module, _, name = line.rpartition(".")
        if name.startswith("__"):
            continue
        assert f"`{name}" in sections[module] or f" {name}" in sections[module], line


def test_every_operation_and_event_is_in_it(made: dict[str, str]) -> None:
    for service in ("user", "course", "content", "payment", "notification", "analytics"):
        plugin = importlib.import_module(f"colonnade_{service}.plugin")
        for request in plugin.operations():
            assert f"### `{request.__name__}` → " in made["operations.md"]
        for event in getattr(plugin, "events", tuple)():
            assert f"### `{event.__name__}`" in made["events.md"]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"anyOf": [{"$ref": "#/$defs/Money"}, {"type": "null"}]}, "Money | null"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map to string"),
        ({"enum": ["a", "b"], "type": "string"}, "'a' | 'b'"),
        ({"const": "a"}, "'a'"),
        ({}, "anything"),
    ],
)
def test_types_are_told_in_words(schema: dict[str, object], text: str) -> None:
    assert type_text(schema) == text
