"""The page about one machine in production holds together with the code it starts."""

import configparser
import re
from pathlib import Path

from colonnade_runtime.cli import main
from colonnade_runtime.declaration import Platform

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operators/deploying.md").read_text("utf-8")


def unit() -> configparser.ConfigParser:
    text = re.search(r"^```systemd\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert text is not None
    # Several credentials are loaded, each on a line of its own.
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text[1])
    return parser


def test_the_unit_starts_a_command_that_is_there() -> None:
    program, *words = unit()["Service"]["ExecStart"].split()
    assert program.endswith("/bin/colonnade")
    assert words[0] in main.commands


def test_the_unit_gives_an_orderly_stop_its_time() -> None:
    total = Platform.model_fields["shutdown"].get_default(call_default_factory=True).total
    assert float(unit()["Service"]["TimeoutStopSec"]) > float(total)


def test_a_wheel_is_built_as_the_page_says() -> None:
    assert "`make wheel`" in PAGE
    assert re.search(r"^wheel:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_every_credential_that_a_secret_names_is_loaded() -> None:
    loaded = set(re.findall(r"^LoadCredential=([\w-]+):", PAGE, re.MULTILINE))
    named = set(re.findall(r"file:/run/credentials/colonnade\.service/([\w-]+)", PAGE))
    assert named == loaded


def test_the_proxy_is_one_that_the_platform_trusts() -> None:
    assert "trusted_proxies: [127.0.0.0/8]" in PAGE
    assert "proxy_pass http://127.0.0.1:8000;" in PAGE
