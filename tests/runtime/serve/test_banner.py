"""What a platform says when it is ready."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from colonnade.services import OwnerStanding
from colonnade_runtime.declaration import LoadedPlatform, load_platform
from colonnade_runtime.serve.banner import Banner, banner_text

TENANT = "version: 1\nid: {0}\nname: {0}\nowner: {{email: owner@{0}.example}}\ncurrency: EUR\n"


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedPlatform:
    (tmp_path / "platform.yaml").write_text(
        "version: 1\nenvironment: development\nservices: {course: }\n"
    )
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    for number in range(12):
        name = f"academy-{number:02}"
        (tmp_path / "tenants" / f"{name}.yaml").write_text(TENANT.format(name))
    return load_platform(tmp_path / "platform.yaml")


def test_academies_are_named_with_their_address_and_owner(loaded: LoadedPlatform) -> None:
    shown = banner_text(loaded, 8123)
    line = "academy-00: http://academy-00.localhost:8123/api/v1 (owner owner@academy-00.example)"
    assert line in shown
    assert "and 2 more academies" in shown


def test_the_next_step_is_a_line_that_can_be_copied(
    loaded: LoadedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/colonnade", "run"])
    monkeypatch.chdir(loaded.root)
    wanted = ".venv/bin/colonnade course import FOLDER --tenant academy-00 --publish"
    assert wanted in banner_text(loaded, 8000)


def test_purchases_and_reports_are_mentioned_where_there_are_any(loaded: LoadedPlatform) -> None:
    lines = {"payment": "GET /payments, /transactions and /balances", "analytics": "POST /reports"}
    assert not any(line in banner_text(loaded, 8000) for line in lines.values())
    for name, line in lines.items():
        declared = f"version: 1\nenvironment: development\nservices: {{{name}: }}\n"
        (loaded.root / "platform.yaml").write_text(declared)
        assert line in banner_text(load_platform(loaded.root / "platform.yaml"), 8000)


def test_a_platform_elsewhere_is_named_in_the_line(loaded: LoadedPlatform) -> None:
    wanted = f"--platform {loaded.root}/platform.yaml course import"
    assert wanted in banner_text(loaded, 8000)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (OwnerStanding.DECLARED, "with the password in its file"),
        (OwnerStanding.MADE_UP, "that was made up and printed"),
        (OwnerStanding.CHANGED, "a password that was set since"),
        (OwnerStanding.DIFFERS, "not the one in its file now"),
    ],
)
def test_how_an_owner_signs_in_is_said_for_each_academy(
    loaded: LoadedPlatform, standing: OwnerStanding, said: str
) -> None:
    lines = banner_text(loaded, 8000, {"academy-01": standing}).splitlines()
    place = next(index for index, line in enumerate(lines) if "academy-01:" in line)
    assert said in lines[place + 1]
    assert ("owner password academy-01" in lines[place + 1]) is (
        standing is not OwnerStanding.DECLARED
    )
    assert sum("signs in" in line for line in lines) == 1


def test_machines_are_greeted_in_the_log_and_nowhere_else(
    loaded: LoadedPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    banner = Banner(plain=False, supervised=False)
    with capture_logs() as lines:
        banner.platform(loaded, 8123, {"academy-00": OwnerStanding.CHANGED})
        banner.process("people is ready: user on http://127.0.0.1:8001")

    assert capsys.readouterr().out == ""
    assert [line["event"] for line in lines] == ["academy"] * 10
    assert (lines[0]["tenant"], lines[0]["url"]) == (
        "academy-00",
        "http://academy-00.localhost:8123/api/v1",
    )
    assert lines[0]["owner"].startswith("signs in with a password that was set since")


@pytest.mark.parametrize("plain", [True, False])
def test_what_is_shown_once_is_shown_in_the_form_of_everything_else(
    plain: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    Banner(plain, supervised=False).announce("acme: the owner signs in with abc")

    said = capsys.readouterr().out
    assert (said if plain else json.loads(said)["event"] + "\n") == (
        "acme: the owner signs in with abc\n"
    )


def test_whoever_supervises_a_process_hears_that_it_is_ready(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Banner(plain=False, supervised=True).process("people is ready")

    assert capsys.readouterr().out == "people is ready\n"
