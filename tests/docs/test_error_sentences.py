"""Sentences that clients read name no class of an exception: those are for the log."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "runtime" / "colonnade_runtime"

ANSWERING = [
    ROOT / "core" / "colonnade",
    ROOT / "plugins",
    *(RUNTIME / room for room in ("gateway", "edge", "workers")),
    *(
        RUNTIME / "calls" / f"{name}.py"
        for name in ("commit_guard", "dispatcher", "foreign_errors", "reply_frames")
    ),
]
"""Code whose sentences may become answers."""

FOR_THE_LOG = {"debug", "info", "warning", "error", "exception", "reason", "why", "raised", "kind"}
"""Methods, arguments and variables whose text stays with operators."""

CAUGHT_BY_OURS = {"RendererFailed", "SecretUnavailable", "Unreadable"}
"""Errors that those who ask for the work turn into sentences of their own, or that refuse a start
or a reload."""


def test_what_is_looked_through_is_there() -> None:
    assert [place for place in ANSWERING if not place.exists()] == []


def sources() -> Iterator[Path]:
    for place in ANSWERING:
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def named_classes(tree: ast.AST, above: tuple[ast.AST, ...] = ()) -> Iterator[ast.Attribute]:
    """Each `type(error).__name__` of a caught error outside what operators read."""
    caught = {each.name for each in above if isinstance(each, ast.ExceptHandler)}
    if isinstance(tree, ast.Attribute) and tree.attr == "__name__":
        of = tree.value
        if (
            isinstance(of, ast.Call)
            and isinstance(of.func, ast.Name)
            and of.func.id == "type"
            and isinstance(of.args[0], ast.Name)
            and of.args[0].id in caught | {"error", "exception", "failure", "cause"}
            and not any(map(is_for_the_log, above))
        ):
            yield tree
    for child in ast.iter_child_nodes(tree):
        yield from named_classes(child, (*above, tree))


def is_for_the_log(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg in FOR_THE_LOG
    if isinstance(node, ast.Assign):
        return any(isinstance(each, ast.Name) and each.id in FOR_THE_LOG for each in node.targets)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in FOR_THE_LOG | CAUGHT_BY_OURS


def test_no_sentence_for_clients_names_the_class_of_an_error() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in named_classes(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("raise Unavailable(f'gone ({type(error).__name__})')", 1),
        ("try: f()\nexcept E as lost:\n    said = f'{type(lost).__name__}'", 1),
        ("log.warning('gone', error=type(error).__name__)", 0),
        ("raise Unavailable('gone', reason=type(error).__name__)", 0),
    ],
)
def test_what_is_looked_for_is_found(source: str, count: int) -> None:
    assert len([*named_classes(ast.parse(source))]) == count
