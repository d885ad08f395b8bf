"""File names: what is taken away, what stays, and how they are quoted."""

from __future__ import annotations

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.file_names import (
    MAXIMUM_NAME_BYTES,
    clean_file_name,
    content_disposition,
    extension,
)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\temp\\plan.docx", "plan.docx"),
        ("a\0b.txt", "ab.txt"),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("in\u200bvisible.txt", "invisible.txt"),
        (".htaccess", "htaccess"),
        ("trailing. . ", "trailing"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("COM¹", "_COM¹"),
        ("console.txt", "console.txt"),
        ('what<is>"this|?*:.txt', "what_is__this____.txt"),
        ("  two   words .txt", "two words .txt"),
        ("e\u0301tude.pdf", "étude.pdf"),
        ("数据.csv", "数据.csv"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
    ],
)
def test_a_name_keeps_what_is_harmless(raw: str, cleaned: str) -> None:
    assert clean_file_name(raw) == cleaned


@pytest.mark.parametrize("raw", ["", ".", "..", "/", "a/", "\0", " . ", "\u202e"])
def test_a_name_of_which_nothing_is_left_becomes_the_fallback(raw: str) -> None:
    assert clean_file_name(raw, fallback="upload") == "upload"


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    cleaned = clean_file_name("é" * 500 + ".tar.gz")
    assert len(cleaned.encode()) <= MAXIMUM_NAME_BYTES
    assert cleaned.endswith("é.gz")


@given(st.text())
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    cleaned = clean_file_name(raw)
    assert clean_file_name(cleaned) == cleaned


@given(st.text(alphabet=st.characters(codec=None)))
def test_a_cleaned_name_is_one_safe_path_segment(raw: str) -> None:
    cleaned = clean_file_name(raw)
    assert cleaned not in {"", ".", ".."}
    assert not set(cleaned) & set('/\\:"<>|?*\0\r\n\u202e')
    assert 0 < len(cleaned.encode()) <= MAXIMUM_NAME_BYTES


def parsed_name(header: str) -> str | None:
    message = Message()
    message["Content-Disposition"] = header
    return message.get_filename()


def test_a_plain_name_is_quoted_once() -> None:
    assert content_disposition("inline", "a b.txt") == 'inline; filename="a b.txt"'


def test_a_name_beyond_ascii_is_given_twice() -> None:
    assert content_disposition("attachment", "naïve €.txt") == (
        "attachment; filename=\"naive _.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"
    )


@given(st.text())
def test_a_header_is_ascii_on_one_line(raw: str) -> None:
    header = content_disposition("attachment", raw)
    assert header.isascii()
    assert header.isprintable()


@given(st.text(min_size=1))
def test_a_client_reads_the_cleaned_name_out_of_the_header(raw: str) -> None:
    header = content_disposition("attachment", raw)
    encoded = header.partition("filename*=UTF-8''")[2]
    if encoded:
        message = Message()
        message["Content-Disposition"] = f"attachment; filename*=UTF-8''{encoded}"
        found = message.get_filename()
    else:
        found = parsed_name(header)
    assert found == clean_file_name(raw)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.CSV", "csv"), ("a.tar.gz", "gz"), ("none", ""), (".hidden", ""), ("a.with space", "")],
)
def test_the_extension_is_lower_case_without_its_dot(name: str, expected: str) -> None:
    assert extension(name) == expected
