"""Public names of core: what authors import changes on purpose only.

A name that goes or is renamed breaks plugins, and a name that comes is a promise. Where that is
meant, record it, and write a change note:

    python tests/core/test_public_names.py
"""

import ast
import difflib
import importlib
from collections.abc import Iterator
from pathlib import Path

import colonnade

CORE = Path(colonnade.__file__).parent
RECORDED = Path(__file__).with_name("public_names.txt")


def public_names() -> list[str]:
    """Dotted names, as `colonnade.clock.Clock`, in order."""
    return sorted(
        f"{module_of(path)}.{name}"
        for path in CORE.rglob("*.py")
        for name in names_in(path)
        if not name.startswith("_")
    )


def module_of(path: Path) -> str:
    parts = path.relative_to(CORE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def names_in(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign() if not is_type_variable(node.value):
                yield from (each.id for each in node.targets if isinstance(each, ast.Name))
            case ast.ImportFrom() if path.name == "__init__.py":
                yield from (each.asname or each.name for each in node.names)


def is_type_variable(value: ast.expr) -> bool:
    """A means of annotations, which each module makes for itself."""
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "TypeVar"


def test_core_offers_the_recorded_names_and_no_other() -> None:
    recorded, now = RECORDED.read_text("utf-8").splitlines(), public_names()
    difference = [
        line
        for line in difflib.unified_diff(recorded, now, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    assert not difference, "If this is meant: python tests/core/test_public_names.py"


def test_every_recorded_name_can_be_imported() -> None:
    for line in RECORDED.read_text("utf-8").splitlines():
        module, _, name = line.rpartition(".")
        assert hasattr(importlib.import_module(module), name), line


if __name__ == "__main__":
    RECORDED.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
