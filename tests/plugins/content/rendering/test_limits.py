"""A text asks no more of the renderer, and becomes no more, than is allowed."""

import time

import pytest

from colonnade.errors import ValidationFailed
from colonnade_content.rendering.bodies import render_body
from colonnade_content.rendering.limits import (
    GROWTH,
    MAXIMUM_CELLS,
    MAXIMUM_CHARACTERS,
    MAXIMUM_HTML_BYTES,
    ROOM,
    MarkdownRejected,
)
from colonnade_content.rendering.markdown import render_markdown


@pytest.mark.parametrize("character", ["x", "学", "é", "😀"])
def test_the_limit_counts_characters_in_every_script(character: str) -> None:
    html = render_markdown(character * MAXIMUM_CHARACTERS)
    assert html.count(character) == MAXIMUM_CHARACTERS
    with pytest.raises(MarkdownRejected, match="200001 characters; at most 200000"):
        render_markdown(character * (MAXIMUM_CHARACTERS + 1))


def _tables(columns: int, rows: int, tables: int) -> str:
    head = "|" + "a|" * columns + "\n|" + "-|" * columns + "\n"
    return (head + "x\n" * rows + "\n") * tables


@pytest.mark.parametrize(
    "text",
    [
        _tables(300, 217, 2),
        _tables(2000, 500, 1),
        _tables(60, 40, 60),
        "> " + _tables(300, 217, 1).replace("\n", "\n> ") * 3,
        "[a]: /" + "x" * 3000 + "\n\n" + "[a] " * 20_000,
        "![a]\n\n[a]: /" + "x" * 3000 + "\n\n" + "![a]" * 20_000,
        '[a]: /x "' + "t" * 3000 + '"\n\n' + "[a] " * 10_000,
        "^[a]" * 5_000,
    ],
    ids=["wide", "one", "many", "quoted", "references", "images", "titles", "footnotes"],
)
def test_small_texts_that_grow_are_refused_early(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(MarkdownRejected, match=r"HTML|cells"):
        render_markdown(text)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "text", ["> " * 3000 + "x", "".join(f"{'  ' * n}- x\n" for n in range(40)), "1. " * 100 + "x"]
)
def test_nothing_is_left_out_of_a_text_nested_too_deeply(text: str) -> None:
    with pytest.raises(MarkdownRejected, match="more than 32 levels"):
        render_markdown(text)


def test_what_is_nested_less_is_there_whole() -> None:
    assert "<p>deep</p>" in render_markdown("> " * 31 + "deep")


def test_no_html_is_larger_than_its_text_may_become() -> None:
    for text in ("*a* " * 5_000, "[a](b)" * 3_000, "&" * 200_000, "- a\n" * 2_000):
        allowed = min(ROOM + GROWTH * len(text), MAXIMUM_HTML_BYTES)
        assert len(render_markdown(text).encode()) <= allowed


def test_a_large_table_is_within_the_limits() -> None:
    rows = MAXIMUM_CELLS // 30
    assert render_markdown("|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * rows).count("<tr>") == rows + 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n\n" + "> " * 40 + "x", 3),
        ("a\n" * 9 + "\n" + _tables(2000, 500, 1), 11),
        ("ab\ud800", 1),
    ],
)
def test_a_refusal_points_to_the_body_and_names_the_line(text: str, line: int) -> None:
    with pytest.raises(ValidationFailed) as caught:
        render_body(text)
    assert [(field.pointer, field.code) for field in caught.value.fields] == [
        ("/body", "not_rendered")
    ]
    assert caught.value.details == {"line": line}
