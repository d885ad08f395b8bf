"""Media types of bytes, claims about them that are lies, and headers they are served with."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colonnade_content.files.file_types import contradiction, serving_headers, sniff

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


def package(kind: str) -> bytes:
    """An archive whose first entry, stored as it is, says what it holds."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as file:
        file.writestr("mimetype", kind)
        file.writestr("META-INF/container.xml", "<container/>")
    return buffer.getvalue()


PRESENTATION = "application/vnd.oasis.opendocument.presentation"
SIGNED = {
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "heif of avif": b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
}


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
        (SIGNED["heic"], "IMG_0001.HEIC", "image/heic"),
        (SIGNED["heif of avif"], "photo", "image/avif"),
        (image("AVIF"), "photo.avif", "image/avif"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a.mov", "video/quicktime"),
        (b"\0\0\0\x08wide\0\0", "a.mov", "video/quicktime"),
        (b"\0\0\0\x18ftyp3gp4", "a.3gp", "video/3gpp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a.wav", "audio/wav"),
        (b"OggS\0\2" + b"\0" * 22 + b"\x01\x1e\x01vorbis", "a.ogg", "audio/ogg"),
        (b"\x1f\x8b\x08\0", "a.csv.gz", "application/gzip"),
        (package("application/epub+zip"), "book.epub", "application/epub+zip"),
        (package(PRESENTATION), "slides.odp", PRESENTATION),
        (package("text/html"), "a.zip", "application/zip"),
        (rb"{\rtf1 x}", "a.rtf", "application/rtf"),
        (SIGNED["ole"], "a.doc", "application/msword"),
        (SIGNED["ole"], "a", "application/octet-stream"),
        (b'{"cells": []}', "a.ipynb", "application/x-ipynb+json"),
        (b"#!/bin/sh\n", "a.sh", "text/plain"),
        (b"<?xml version='1.0'?><gpx/>", "a.gpx", "application/gpx+xml"),
        (b"<template><p>x</p></template>", "a.vue", "text/plain"),
        (b"<script>x</script>", "a.svelte", "text/plain"),
        (b"MZ is a text", "a.txt", "text/plain"),
        (b"The free software movement", "essay.txt", "text/plain"),
        (b"For wide margins", "a.txt", "text/plain"),
        (b"You skip the intro.", "a.md", "text/markdown"),
        (b"The ftypisom box of films", "a.md", "text/markdown"),
        ("ID3 – tags erklärt".encode(), "a.md", "text/markdown"),
        (b"fLaC notes", "a.txt", "text/plain"),
        (b"OggS explained", "a.txt", "text/plain"),
        (b"GIF89a is an old format", "a.txt", "text/plain"),
        (b"8BPS, PAR1, MThd, wOFF, OTTO", "a.txt", "text/plain"),
        (b"RIFF....WAVE is how it begins", "a.txt", "text/plain"),
        (b"BM is not always a bitmap here", "a.txt", "text/plain"),
        (b"Rar!\x1a\x07 ", "a.rar", "application/vnd.rar"),
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
        (
            b'<?xml version="1.0"?>\n<!-- Generator: x -->\n<!DOCTYPE svg PUBLIC "x" "y" [\n'
            b'\t<!ENTITY ns_ai "http://ns.adobe.com/x/">\n\t<!ENTITY b "c">\n]>\n<svg id="a">',
            "logo.svg",
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


SIGNED_BYTES = {
    "png": image("PNG"),
    "jpeg": image("JPEG"),
    "avif": image("AVIF"),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "zip": archive("a.csv"),
    "gzip": b"\x1f\x8b\x08\0" + b"\0" * 20,
    "program": b"\x7fELF\x02\x01\x01\0",
    "film": b"\0\0\0\x20ftypisom\0\0\2\0",
    "html": b"<!DOCTYPE html><p>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "xml": b"<?xml version='1.0'?><feed/>",
    "text": b"just words",
    "csv": b"a,b\n1,2\n",
    "rtf": rb"{\rtf1\ansi Hello}",
    "old office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "unknown": b"\x01\x02\x03\x04",
    "nothing": b"",
}


@pytest.mark.parametrize(
    ("declared", "bytes_of"),
    [
        ("image/png", "jpeg"),
        ("image/png", "html"),
        ("image/png", "program"),
        ("image/png", "text"),
        ("image/jpeg", "svg"),
        ("image/jpeg", "heic"),
        ("image/svg+xml", "xml"),
        ("image/svg+xml", "gzip"),
        ("video/mp4", "heic"),
        ("image/heic", "film"),
        ("text/plain", "html"),
        ("text/x-anything", "html"),
        ("text/plain", "svg"),
        ("text/csv", "png"),
        ("application/xml", "html"),
        ("application/json", "zip"),
        ("application/pdf", "zip"),
        ("application/epub+zip", "png"),
        ("application/gzip", "zip"),
        ("application/msword", "png"),
    ],
)
def test_a_claim_that_the_bytes_contradict_is_a_lie(declared: str, bytes_of: str) -> None:
    assert contradiction(SIGNED_BYTES[bytes_of], "a", declared) is not None


@pytest.mark.parametrize(
    ("declared", "bytes_of"),
    [
        ("", "png"),
        ("application/octet-stream", "html"),
        ("IMAGE/PNG; x=y", "png"),
        ("image/jpg", "jpeg"),
        ("image/avif", "avif"),
        ("image/heif", "heic"),
        ("application/vnd.ms-excel", "csv"),
        ("application/vnd.ms-excel", "old office"),
        ("application/msword", "rtf"),
        ("text/plain; charset=utf-8", "csv"),
        ("text/x-python", "text"),
        ("application/x-sh", "text"),
        ("application/x-ipynb+json", "text"),
        ("application/gpx+xml", "xml"),
        ("application/gpx+xml", "text"),
        ("application/x-zip-compressed", "zip"),
        ("application/vnd.oasis.opendocument.presentation", "zip"),
        ("application/java-archive", "zip"),
        ("application/x-gzip", "gzip"),
        ("application/x-tar", "gzip"),
        ("text/xml", "svg"),
        ("application/x-nobody-knows", "html"),
    ],
)
def test_a_claim_that_is_loose_but_true_is_no_lie(declared: str, bytes_of: str) -> None:
    assert contradiction(SIGNED_BYTES[bytes_of], "a", declared) is None


@given(st.sampled_from(["image/png", "text/csv", "application/pdf", "x/y", "font/woff"]))
def test_bytes_that_are_not_known_contradict_nothing(declared: str) -> None:
    for name in ("a.png", "a.zip", "a"):
        assert contradiction(SIGNED_BYTES["unknown"], name, declared) is None
        assert contradiction(SIGNED_BYTES["nothing"], name, declared) is None


def test_an_extension_that_promises_another_type_lies() -> None:
    assert contradiction(SIGNED_BYTES["zip"], "holiday.png", "") == "application/zip"
    assert contradiction(SIGNED_BYTES["heic"], "holiday.mp4", "") == "still"
    assert contradiction(SIGNED_BYTES["jpeg"], "holiday.JPG", "") is None
    assert contradiction(SIGNED_BYTES["unknown"], "holiday.raw", "") is None


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=60))
def test_any_bytes_and_any_claim_are_judged(head: bytes, name: str, declared: str) -> None:
    found = contradiction(head, name, declared)
    assert found is None or head


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xml", "x/unknown"])
def test_what_could_run_in_a_browser_is_only_downloaded(kind: str) -> None:
    assert serving_headers(kind, "a")["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "video/mp4", "text/plain"])
def test_what_only_shows_is_shown_in_place(kind: str) -> None:
    assert serving_headers(kind, "a")["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize("kind", ["image/png", "text/html", "application/pdf"])
def test_a_browser_may_never_guess_another_type(kind: str) -> None:
    assert serving_headers(kind, "a")["X-Content-Type-Options"] == "nosniff"
