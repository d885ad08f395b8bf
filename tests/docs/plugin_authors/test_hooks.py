"""Every hook is documented with its exact signature, and implemented by some test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/plugin-authors/hooks.md").read_text("utf-8")
HEADING = re.compile(r"^### `(.+)`$", re.MULTILINE)
SPECIFICATIONS = [
    ROOT / "core/colonnade/hookspecs.py",
    *sorted((ROOT / "plugins").rglob("*.py")),
]
IMPLEMENTED_IN = [ROOT / "tests", ROOT / "runtime/colonnade_runtime/testing"]


def specified() -> Iterator[str]:
    """The signature of every hook as its specification writes it."""
    for path in SPECIFICATIONS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "hookspec" in ast.unparse(decorator).lower() for decorator in node.decorator_list
            ):
                assert node.returns is not None, node.name
                arguments = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
                yield f"{node.name}({arguments}) -> {ast.unparse(node.returns)}"


SIGNATURES = list(specified())
NAMES = [signature.partition("(")[0] for signature in SIGNATURES]


def test_the_page_has_exactly_the_hooks_with_their_signatures() -> None:
    documented = HEADING.findall(PAGE)
    assert sorted(documented) == sorted(SIGNATURES)
    assert len(documented) == len(set(documented))


def test_every_hook_is_explained() -> None:
    parts = HEADING.split(PAGE)
    for signature, text in zip(parts[1::2], parts[2::2], strict=True):
        said = text.partition("\n#")[0]
        assert len(said.split()) > 5, signature


@pytest.fixture(scope="module")
def sources() -> str:
    found = [path for folder in IMPLEMENTED_IN for path in folder.rglob("*.py")]
    return "\n".join(path.read_text("utf-8") for path in found)


@pytest.mark.parametrize("name", NAMES)
def test_every_hook_is_implemented_by_a_test(sources: str, name: str) -> None:
    """As a function in a fixture plugin, or handed to one that is made in memory."""
    assert re.search(rf"\bdef {name}\(|\b{name}=", sources) is not None
