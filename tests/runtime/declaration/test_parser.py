"""From bytes to a tree, or to one problem at its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_runtime.declaration.parser import MAXIMUM_BYTES, ParseError, parse, read_file
from colonnade_runtime.declaration.values import values_of

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
        (b"a: [1, 2\n", "f:2:1: a list or mapping in brackets that is not closed"),
        (b"a: 'x", "f:1:6: the file ends inside a quoted text"),
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
