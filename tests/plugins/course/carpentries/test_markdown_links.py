"""Where the links of a Markdown text point, found and changed without touching the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_course.carpentries.markdown_links import find_targets, replace_targets


@pytest.mark.parametrize(
    ("markdown", "targets"),
    [
        ("[a](b.md)", ["b.md"]),
        ("[a](<b c.md>)", ["b c.md"]),
        ('[a]( b.md "title (x)" )', ["b.md"]),
        ("[a](b_(c).md)", ["b_(c).md"]),
        ("![a](b.png){alt='see [x](y.md)'} [c](d)", ["b.png", "d"]),
        ("[![a](b.png)](c.md)", ["b.png", "c.md"]),
        ("[a]\n\n[a]: b.md 'title'\n[c]:\n  d.md\n", ["b.md", "d.md"]),
        ("> [a](b.md)\n> [c](d.md)", ["b.md", "d.md"]),
        ("- [a](b.md)\n  - [c](d.md)\n", ["b.md", "d.md"]),
        ("| [a](b.md) | [c](d.md) |\n|-|-|\n| [e](f) | `[g](h)` |", ["b.md", "d.md", "f"]),
        ("term\n:   [a](b.md)", ["b.md"]),
        ("<https://x.example/a> <a href='b.md'>c</a> <img alt=\"x\" src=\"d.png\">",
         ["https://x.example/a", "b.md", "d.png"]),
        ("<div>\n<img src='a.png'/>\n</div>", ["a.png"]),
        ("`[a](b)` ``[a](`b`)`` [c](d)", ["d"]),
        ("```\n[a](b)\n```\n    [c](d)\n\n[e](f)", ["f"]),
        ("\\[a](b) [c\\](d) <!-- [e](f) -->", []),
        ("::: challenge\n\n[a](b)\n\n:::", ["b"]),
        ("[a] (b) [c]", []),
        ("[a](b)\r\n\r\n[c](d)\r\n", ["b", "d"]),
    ],
)  # fmt: skip
def test_every_target_is_found_and_code_has_none(markdown: str, targets: list[str]) -> None:
    assert [target.text for target in find_targets(markdown)] == targets


def test_a_target_knows_its_line_and_whether_an_image_shows_it() -> None:
    found = find_targets("# T\n\n[a](b)\ntext ![c](d)\r\n\n[e]: f\n")
    assert [(target.text, target.line, target.is_image) for target in found] == [
        ("b", 3, False),
        ("d", 4, True),
        ("f", 6, False),
    ]


def test_only_what_gets_an_answer_is_changed() -> None:
    markdown = "a  [b](c) `[d](c)`\t![e](f){x}\r\n"
    changed = replace_targets(
        markdown, find_targets(markdown), lambda target: "/new" if target.text == "c" else None
    )
    assert changed == "a  [b](/new) `[d](c)`\t![e](f){x}\r\n"


texts = st.lists(
    st.sampled_from(
        [
            *("[a](b)", "![a](<b c>)", "`", "```\n", "\n", "\r\n", "> ", "- ", "    ", "[a]: b\n"),
            *("\\", "|", "<a href='b'>", "<!--", "-->", "{x}", "(", ")", "[", "]", "é", "\0", "\t"),
            *(":   ", "::: x\n"),
        ]
    )
    | st.text(max_size=5),
    max_size=25,
).map("".join)


@given(texts)
def test_targets_replaced_by_themselves_change_no_byte(markdown: str) -> None:
    assert replace_targets(markdown, find_targets(markdown), lambda target: target.text) == markdown


@given(texts)
def test_a_target_is_where_it_says(markdown: str) -> None:
    end = 0
    for target in find_targets(markdown):
        assert target.start >= end
        assert markdown[target.start : target.stop] == target.text
        end = target.stop
