"""Every built-in that policies may call answers its examples in the embedded engine."""

import pytest

from colonnade_runtime.adapters.policy.rego.builtins import ALLOWED_BUILTINS, OPERATOR_BUILTINS
from colonnade_runtime.adapters.policy.rego.program import Program, input_text

EXAMPLES = [
    (name, example)
    for name, examples in {**ALLOWED_BUILTINS, **OPERATOR_BUILTINS}.items()
    for example in examples
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_built_in_answers_its_example(name: str, example: str) -> None:
    """The example is true, with errors in built-ins not swallowed."""
    program = Program(
        [("example.rego", f"package example\n\nok if {{ {example} }}\n")], ["example/ok"]
    )
    assert program.answer("example/ok", "{}") is True


@pytest.mark.parametrize("name", sorted(ALLOWED_BUILTINS))
def test_every_allowed_built_in_has_an_example(name: str) -> None:
    """None is allowed on trust."""
    assert all(name in example for example in ALLOWED_BUILTINS[name])
    assert ALLOWED_BUILTINS[name]


@pytest.mark.parametrize(
    "text", ['a"b', "a\\b", "a\nb", '"}],[{', "é", "\u2028", "\x00", "😀", "#", "`", "{{x}}", "$"]
)
def test_a_text_passes_through_the_engine_unchanged(text: str) -> None:
    """Characters of an input never turn into syntax of the answer."""
    program = Program([("echo.rego", "package echo\n\nout := [input.text]\n")], ["echo/out"])
    assert program.answer("echo/out", input_text({"text": text})) == [text]


def test_a_text_equals_the_same_text_in_a_policy() -> None:
    """Letters beyond ASCII compare equal as they are written."""
    source = 'package same\n\nok if input.text == "Zoë"\n'
    program = Program([("same.rego", source)], ["same/ok"])
    assert program.answer("same/ok", input_text({"text": "Zoë"})) is True
