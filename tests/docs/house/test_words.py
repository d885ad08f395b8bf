"""Docstrings begin with a noun of the field or a verb: a list of them reads like an index."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = [
    *(ROOT / "core").iterdir(),
    *(ROOT / "runtime").iterdir(),
    *sorted((ROOT / "plugins").iterdir()),
]

NEITHER = re.compile(
    r"""(what|who|how|where|when|which)(ever)?|whom|whose|whether|why
    |this|that|these|those|its?|they|their|them|he|she|his|her|we|our|us|you|your|i|my|one's
    |(some|any|no|every)(body|one|thing)|here|there|then|now|than
    |if|as|so|not?|never|until|while|since|because|and|or|nor|but|also|only|same
    |for|from|of|in|into|on|onto|at|by|with|without|about|to|under|over|after|before|between
    |beside|behind
    |is|are|was|were|be|has|have|had|does|do|did|may|might|must|can|could|should|would|will""",
    re.VERBOSE | re.IGNORECASE,
)
"""Words that open no entry of an index: questions, pronouns, prepositions, auxiliaries."""


def docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """Those of a module and of everything public in it, with their lines."""
    pending: list[ast.AST] = [ast.parse(file.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        assert isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        text = ast.get_docstring(node)
        if text:
            yield node.body[0].lineno, text
        pending.extend(
            each
            for each in node.body
            if isinstance(each, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and not each.name.startswith("_")
        )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_docstrings_begin_with_a_noun_of_the_field_or_a_verb(package: Path) -> None:
    found = []
    for file in sorted(package.rglob("*.py")):
        if file.parent.name.endswith("migrations"):
            # A migration stays as it was released, to the letter.
            continue
        for line, text in docstrings(file):
            word = re.match(r"\W*([\w’']+)", text)
            if word and NEITHER.fullmatch(word[1]):
                found.append(f"{file.relative_to(ROOT)}:{line}: {text.splitlines()[0]}")
    assert found == []
