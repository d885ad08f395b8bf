"""From bytes to a tree, or to one problem at its place."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_runtime.declaration.yaml.parser import MAXIMUM_BYTES, ParseError, parse, read_file
from colonnade_runtime.declaration.yaml.values import values_of

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "f:1:1: the file is empty; it must start with 'version: 1'"),
        (b"# only a comment\n", "f:1:1: the file is empty"),
        (b"---\n---\n", "f:2:1: a second document"),
        (b"text", "f:1:1: the file must hold a mapping"),
        (b"- 1\n- 2", "f:1:1: the file must hold a mapping"),
        (b"a: 1\nb: 2\na: 3", "f:3:1: the key 'a' is there already, on line 1"),
        (b"a: {b: 1, 'b': 2}", "f:1:11: the key 'b' is there already, on line 1"),
        (b"a:\n\tb: 1", "f:2:1: a tab indents this line"),
        ("a:\n\xa0 b: 1".encode(), "f:2:1: U+00A0 (no-break space) is no space to YAML; write an"),
        ("a:\n \xa0b: 1".encode(), "f:2:2: U+00A0 (no-break space) is no space to YAML"),
        ("a: 1\n\u3000b: 1".encode(), "f:2:1: U+3000 (ideographic space) is no space to YAML"),
        ("a:\n  - \u2003x".encode(), "f:2:5: U+2003 (em space) is no space to YAML"),
        ("a:\xa0x\nb: 1".encode(), "U+00A0 (no-break space) is no space to YAML; write an "
         "ordinary one (line 1, column 3)"),
        (b"a: b: c", "f:1:5: a second ':' on a line"),
        (b"bus: memory:", "f:1:12: a second ':' on a line; put the value in quotes"),
        (b"a: [1, 2\n", "f:1:4: a list or mapping in brackets that is not closed"),
        (b"a: 'x", "f:1:4: the quote that opens here is not closed"),
        (b"a:\n  - 1\n b: 2", "f:3:2: a line that does not fit"),
        (b"a: @x", "f:1:4: this character cannot start a value"),
        (b"a: %x", "f:1:4: this character cannot start a value"),
        (b"a: !!str 3", "f:1:4: the tag"),
        (b"a: !!python/object:os.system {}", "f:1:4: the tag"),
        (b"a: !x [1]", "f:1:4: the tag"),
        (b"<<: {a: 1}", "f:1:1: '<<' merges nothing in YAML 1.2"),
        (b"? [a]\n: 1", "f:1:3: a key must be text"),
        (b"? {a: b}\n: 1", "f:1:3: a key must be text"),
        (b'"": 1', "f:1:1: a key must have a name"),
        (b"a: *x", "f:1:4: there is no anchor 'x'"),
        (b"a: &x [*x]", "f:1:8: the anchor 'x' contains itself"),
        (b"&k a: 1", "an anchor on a key"),
        (b"a: &x b\n*x : 1", "f:2:1: an alias as a key"),
        (b"a: 1\nb: \xff\xfe", "f:2:4: byte 0xff is not UTF-8 text"),
        ("a: ä\nb: ä\xe4".encode("latin-1"), "is not UTF-8 text"),
        (b"\x80\x81\x82\x00binary", "f:1:1: byte 0x80 is not UTF-8 text"),
        (b"a: 1\nb: \x00", "f:2:4: the character U+0000 cannot stand in YAML"),
        (b"a: \x1b[31m", "f:1:4: the character U+001B"),
        ("a: 1".encode("utf-16"), "is not UTF-8 text"),
        (b"a: " + b"[" * 500, "f:1:35: nested more than 32 levels deep"),
        (b"a: " + b"{b: " * 500, "nested more than 32 levels deep"),
        (BOMB.encode(), "more than 100,000 values"),
        (b"a: 1\n---\nb: 2", "f:2:1: a second document"),
    ],
)  # fmt: skip
def test_bad_yaml_is_one_sentence_at_its_place(data: bytes, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(data, "f")
    assert message in str(caught.value)


def test_an_anchor_within_limits_gives_its_value_to_every_alias() -> None:
    tree = parse(b"a: &x {b: [1, 2]}\nc: *x\nd: [*x]", "f")
    assert values_of(tree, {}).data["c"] == {"b": [1, 2]}
    assert values_of(tree, {}).data["d"] == [{"b": [1, 2]}]


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    tree = parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")
    assert values_of(tree, {}).data == {"a": 1, "b": 2}


def test_keys_are_text_whatever_they_look_like() -> None:
    tree = parse(b"1: a\ntrue: b\nno: c\n~: d", "f")
    assert list(tree.entries) == ["1", "true", "no", "~"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a: 1\nname: "Acme\nb: 2\nc: 3\n', "f:2:7"),
        ('a: 1\nname: "Acme\ncolor: "#fff"\nb: "x"\n', "f:2:7"),
        ('a: 1\nname: "Acme\ncolor: red"\nb: 2\n', "f:2:7"),
        ("a: 1\nname: 'Acme\nb: 'x'\n", "f:2:7"),
        ('a: 1\n"name: Acme\nb: 2\n', "f:2:1"),
        ('a:\n  - "x\n  - "y"\n  - z\n', "f:2:5"),
        ('a:\n  b: {c: "x, d: y}\n  e: z\n', "f:2:10"),
        ('a: ["x, "y"]\nb: 1\n', "f:1:5"),
        ("a: 1\nname: 'Ada's Academy'\nb: 2\n", "f:2:7"),
        ('a: 1\nname: "Acme" Academy\nb: 2\n', "f:2:7"),
        ('a: "x # not a comment\n# it"s one\nb: 1\n', "f:1:4"),
        ('a: |\n  it"s\nb: "x\nc: 1\n', "f:3:4"),
        ('a: 1\nname: "Acme\u201d\nb: 2\n', "f:2:7"),
        ('a: 1\r\nname: "Acme\r\nb: 2\r\n', "f:2:7"),
    ],
)
def test_an_open_quote_is_told_where_it_opens(text: str, place: str) -> None:
    """Also where a later quote closes it, and swallows the lines between."""
    with pytest.raises(ParseError) as caught:
        parse(text.encode(), "f")
    assert str(caught.value).startswith(f"{place}: the ")
    assert "quote" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('a: "x\n  y"\nb: 1', "x y"),
        ("a:\n  b: 'x\n\n    y'", "x\ny"),
        ('a: ["x\n  y"]', "x y"),
        ("a: 'it''s'", "it's"),
        ('a: "say \\"x\\""', 'say "x"'),
        ("a: The \u201cbest\u201d academy", "The \u201cbest\u201d academy"),
        ("a: \u201cBest\u201d academy", "\u201cBest\u201d academy"),
        ("a: '\u201cBest\u201d'", "\u201cBest\u201d"),
        ("a: \u00abAcme\u00bb", "\u00abAcme\u00bb"),
        ("a: \u2019tis", "\u2019tis"),
    ],
)
def test_quotes_that_are_meant_are_taken(text: str, value: str) -> None:
    found = values_of(parse(text.encode(), "f"), {}).data["a"]
    found = found["b"] if isinstance(found, dict) else found
    assert found in (value, [value])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: \u201cAcme\u201d", "f:1:4"),
        ("a: \u201eAcme\u201c", "f:1:4"),
        ("a: \u2018Acme\u2019", "f:1:4"),
        ('a: \u201cAcme"', "f:1:4"),
        ("a: \u201cAcme: the one\u201d", "f:1:4"),
        ("a: [\u201cx, y\u201d]", "f:1:5"),
        ("\u201ca\u201d: 1", "f:1:1"),
        ("b: 1\na: \u201c#fff\u201d", "f:2:4"),
    ],
)
def test_quotes_of_a_word_processor_are_named(text: str, place: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text.encode(), "f")
    assert str(caught.value).startswith(f"{place}: the typographic quote ")


@pytest.mark.parametrize(
    "text",
    ["a: 1\nb: [x, y\nc: 1\nd: 2\n", "a: 1\nb: {x: y\nc: 1\n", "a: 1\nb: [", "a: 1\nb: {x: y"],
)
def test_an_open_bracket_is_told_where_it_opens(text: str) -> None:
    with pytest.raises(ParseError, match="f:2:4: a list or mapping in brackets that is not closed"):
        parse(text.encode(), "f")


def test_many_texts_over_lines_are_read_fast() -> None:
    """What is looked at for each of them does not grow with the file."""
    text = "\n".join(f'k{number}: "a\n  b"' for number in range(20_000))
    started = time.monotonic()
    parse(text.encode(), "f")
    assert time.monotonic() - started < 10


def test_quoted_and_block_scalars_stay_text() -> None:
    tree = parse(b"a: '1'\nb: \"true\"\nc: |\n  2\nd: >-\n  null\n", "f")
    assert values_of(tree, {}).data == {"a": "1", "b": "true", "c": "2\n", "d": "null"}


def test_a_file_over_one_mebibyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAXIMUM_BYTES + 1))
    with pytest.raises(ParseError, match="larger than 1 MiB"):
        read_file(path, "big.yaml")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="is not a file"):
        read_file(tmp_path, "folder")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"gone\.yaml: cannot be read: no such file"):
        read_file(tmp_path / "gone.yaml", "gone.yaml")


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_no_bytes_make_it_fail_in_another_way(data: bytes) -> None:
    try:
        parse(data, "f")
    except ParseError as error:
        assert error.problem.line >= 1
        assert error.problem.column >= 1


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#\n\t $?,%@`~<0", max_size=60))
@settings(max_examples=500)
def test_no_yaml_like_text_makes_it_fail_in_another_way(text: str) -> None:
    try:
        tree = parse(text.encode(), "f")
    except ParseError:
        return
    values_of(tree, {})


# Line ends and control characters in a JSON text are not those of YAML.
WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS.filter(bool), inner, max_size=4)
    ),
    max_leaves=20,
)


def _with_doubled_dollars(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_doubled_dollars(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_doubled_dollars(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


@given(st.dictionaries(WORDS.filter(bool), PLAIN, min_size=1, max_size=5))
def test_json_reads_as_itself(data: dict[str, object]) -> None:
    """JSON is YAML 1.2, so any JSON object can stand in a declaration."""
    text = json.dumps(_with_doubled_dollars(data), ensure_ascii=False)
    assert values_of(parse(text.encode(), "f"), {}).data == data


def test_a_no_break_space_within_a_text_is_text() -> None:
    text = "a: x\xa0y\nb: '\xa0x'\nc: |\n  \xa0x\n"
    assert list(parse(text.encode(), "f").entries) == ["a", "b", "c"]
