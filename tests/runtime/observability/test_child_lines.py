"""Lines of several processes are one stream of JSON where machines read it."""

import json

import pytest

from colonnade_runtime.observability.child_lines import JsonLines
from colonnade_runtime.observability.logs import is_for_machines


@pytest.mark.parametrize(
    ("line", "event", "process"),
    [
        ('{"event": "request", "path": "/ä"}', "request", "api"),
        ('{"event": "ready", "process": "api-2"}', "ready", "api-2"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):", "api"),
        ("{broken", "{broken", "api"),
        ("[1]", "[1]", "api"),
        ("{" * 100_000, "{" * 100_000, "api"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, None, "api"),
    ],
)
def test_every_line_is_an_object_that_names_its_process(
    line: str, event: str | None, process: str, capsys: pytest.CaptureFixture[str]
) -> None:
    JsonLines().relay("api", line)

    said = json.loads(capsys.readouterr().err)
    assert said["process"] == process
    assert said["event"] == (line if event is None else event)


def test_lines_of_nothing_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().relay("api", "  ")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("form", "production", "machines"),
    [
        ("json", False, True),
        ("json", True, True),
        ("auto", True, True),
        ("auto", False, False),
        ("console", True, False),
    ],
)
def test_who_reads_follows_from_the_declaration(
    form: str, production: bool, machines: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_for_machines(form, production=production) is machines
