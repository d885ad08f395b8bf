"""What bytes are said to be, which claims about them are lies, and how they are served."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colonnade_content.file_types import extension_lies, is_lie, serving_headers, sniff

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def image(kind: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, kind)
    return buffer.getvalue()


def archive(*names: str) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (image("PNG"), "a.png", "image/png"),
        (image("JPEG"), "a", "image/jpeg"),
        (image("GIF"), "a.txt", "image/gif"),
        (image("WEBP"), "a.webp", "image/webp"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf"),
        (archive("a.csv"), "a.zip", "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx", WORD),
        (archive("evil.exe"), "a.docx", "application/zip"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "a.mp4", "video/mp4"),
        (b"\0\0\0\x20ftypM4A \0\0\2\0", "a.m4a", "audio/mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "a.webm", "video/webm"),
        (b"ID3\x04\0\0", "a.mp3", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "a.mp3", "audio/mpeg"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        ("a;é\n".encode("latin-1"), "a.csv", "text/csv"),
        (b"# Title\n", "a.md", "text/markdown"),
        (b"<div>kept</div>", "a.md", "text/markdown"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"print('hello')\n", "a.py", "text/plain"),
        ("\ufeffgrüß".encode(), "a.txt", "text/plain"),
        (b"", "a.txt", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "image/svg+xml"),
        (
            b'<?xml version="1.0"?>\n<!-- by hand -->\n<!DOCTYPE svg PUBLIC "x" "y">\n<svg>',
            "a.txt",
            "image/svg+xml",
        ),
        (b"<?xml version='1.0'?><feed/>", "a.xml", "application/xml"),
        (b"<!DOCTYPE html><p>", "a.txt", "text/html"),
        (b" <!-- x --> <SCRIPT>alert(1)", "a.csv", "text/html"),
        (b"just words", "a.html", "text/html"),
        (b"\x7fELF\x02\x01\x01\0", "a.png", "application/octet-stream"),
        (b"MZ\x90\0\x03", "a.pdf", "application/octet-stream"),
        ("grüß".encode("utf-16"), "a.txt", "application/octet-stream"),
    ],
)
def test_a_type_is_told_from_the_first_bytes(head: bytes, name: str, expected: str) -> None:
    assert sniff(head, name) == expected


def test_a_character_cut_by_the_end_of_the_head_is_still_text() -> None:
    assert sniff(("x" * 4095 + "é").encode()[:4096], "a.txt") == "text/plain"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_have_some_type(head: bytes, name: str) -> None:
    assert "/" in sniff(head, name)


@pytest.mark.parametrize(
    ("declared", "sniffed"),
    [
        ("image/png", "image/jpeg"),
        ("image/png", "application/octet-stream"),
        ("image/png", "text/html"),
        ("image/jpeg", "image/svg+xml"),
        ("text/plain", "text/html"),
        ("text/plain", "image/svg+xml"),
        ("application/pdf", "application/zip"),
        ("text/csv", "application/octet-stream"),
    ],
)
def test_a_claim_that_the_bytes_contradict_is_a_lie(declared: str, sniffed: str) -> None:
    assert is_lie(declared, sniffed)


@pytest.mark.parametrize(
    ("declared", "sniffed"),
    [
        ("", "image/png"),
        ("application/octet-stream", "text/html"),
        ("IMAGE/PNG; x=y", "image/png"),
        ("image/jpg", "image/jpeg"),
        ("application/vnd.ms-excel", "text/csv"),
        ("text/plain; charset=utf-8", "text/markdown"),
        ("text/x-python", "text/plain"),
        ("application/x-zip-compressed", WORD),
        ("text/xml", "image/svg+xml"),
    ],
)
def test_a_claim_that_is_loose_but_true_is_no_lie(declared: str, sniffed: str) -> None:
    assert not is_lie(declared, sniffed)


def test_an_extension_that_promises_another_type_lies() -> None:
    assert extension_lies("holiday.png", "application/zip")
    assert not extension_lies("holiday.JPG", "image/jpeg")
    assert not extension_lies("holiday.raw", "application/octet-stream")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xml", "x/unknown"])
def test_what_could_run_in_a_browser_is_only_downloaded(kind: str) -> None:
    assert serving_headers(kind, "a")["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "video/mp4", "text/plain"])
def test_what_only_shows_is_shown_in_place(kind: str) -> None:
    assert serving_headers(kind, "a")["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize("kind", ["image/png", "text/html", "application/pdf"])
def test_a_browser_may_never_guess_another_type(kind: str) -> None:
    assert serving_headers(kind, "a")["X-Content-Type-Options"] == "nosniff"
