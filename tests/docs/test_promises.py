"""Pages promise what is there: the schemes, extras, commands and principals they name exist."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from colonnade_runtime.adapters import builtin
from colonnade_runtime.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SOURCES = [path for root in ("core", "runtime", "plugins") for path in (ROOT / root).rglob("*.py")]

SCHEMES = {
    "bus": {*builtin.bus_adapters()},
    "discovery": {"static", *builtin.discovery_adapters()},
    "policy": {*builtin.policy_adapters()},
    "stores": {*builtin.store_adapters()},
    "secret": {*builtin.secret_resolvers()},
}
"""What each key of a declaration may name; `static:` is what a platform does without discovery."""

ELSEWHERE = {"http", "https", "mailto", "smtp", "smtps", "smtp+starttls", "urn", "data"}
"""Schemes of addresses that are not an adapter's: of web pages, mail servers and problem types."""

COMMAND = re.compile(
    r"(?:^\$ |`|^|bin/)colonnade((?: --(?:platform|set) \S+)*)((?: [a-z][a-z-]*)+)", re.MULTILINE
)


def found(pattern: str, *, flags: re.RegexFlag = re.MULTILINE) -> Iterator[Any]:
    for page in PAGES:
        for value in sorted(set(re.findall(pattern, page.read_text("utf-8"), flags))):
            yield pytest.param(value, id=f"{page.relative_to(ROOT)}: {value}")


@pytest.mark.parametrize("address", list(found(r"`([a-z][a-z0-9+.-]*:(?://)?(?:…|[a-z0-9./]*))`")))
def test_an_address_in_prose_has_an_adapter(address: str) -> None:
    scheme = address.partition(":")[0]
    is_address = "//" in address or address.endswith("…")
    assert not is_address or scheme in ELSEWHERE.union(*SCHEMES.values())


def declared_addresses() -> Iterator[Any]:
    for page in PAGES:
        for block in re.findall(
            r"^```yaml (?:platform|tenant)\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M
        ):
            declared = yaml.safe_load(block) or {}
            for key in ("bus", "discovery", "policy", "stores"):
                for address in addresses(declared.get(key)):
                    yield pytest.param(key, address, id=f"{page.relative_to(ROOT)}: {address}")
            for address in re.findall(r"\{secret: ([a-z]+:)", block):
                yield pytest.param("secret", address, id=f"{page.relative_to(ROOT)}: {address}")


def addresses(value: object) -> Iterator[str]:
    """Every text that is an address, in the short forms too."""
    if isinstance(value, str) and re.match(r"[a-z][a-z0-9+.-]*:", value):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("password", "folder", "secret"):
                yield from addresses(inner)


@pytest.mark.parametrize(("key", "address"), list(declared_addresses()))
def test_an_address_in_a_declaration_has_an_adapter(key: str, address: str) -> None:
    assert address.partition(":")[0] in SCHEMES[key]


@pytest.mark.parametrize("extra", list(found(r"colonnade\[([a-z,]+)\]")))
def test_an_extra_that_is_named_is_declared(extra: str) -> None:
    assert set(extra.split(",")) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("extra", sorted(set(PROJECT["optional-dependencies"]) - {"test"}))
def test_an_extra_that_is_declared_does_something(extra: str) -> None:
    """The code that needs it says so, to whoever has not installed it."""
    naming = re.compile(rf'"{extra}"|colonnade\[{extra}\]')
    assert any(naming.search(path.read_text("utf-8")) for path in SOURCES)


def commands() -> Iterator[Any]:
    for page in PAGES:
        for _, words in COMMAND.findall(page.read_text("utf-8")):
            name = words.strip()
            yield pytest.param(name.split(), id=f"{page.relative_to(ROOT)}: {name}")


@pytest.mark.parametrize("words", list(commands()))
def test_a_command_in_a_page_is_there(words: list[str]) -> None:
    command: click.Command = main
    context = click.Context(main, info_name="colonnade")
    context.params = {"path": ROOT / "platform.yaml", "settings": ()}
    for word in words:
        if not isinstance(command, click.Group):
            break
        inner = command.get_command(context, word)
        assert inner is not None, f"there is no command '{word}' of '{command.name}'"
        command = inner


@pytest.mark.parametrize("principal", list(found(r"`service:([a-z]+)`")))
def test_a_principal_in_a_page_acts_somewhere(principal: str) -> None:
    services = {path.parent.name for path in (ROOT / "plugins").glob("*/service.py")}
    is_service = f"colonnade_{principal}" in services
    naming = re.compile(rf'Principal\.service\("{principal}"\)')
    assert is_service or any(naming.search(path.read_text("utf-8")) for path in SOURCES)


def test_every_make_target_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        target
        for words in re.findall(
            r"`make ([a-z ]+)", "".join(page.read_text("utf-8") for page in PAGES)
        )
        for target in words.split()
    }
    assert {"run", "test", "lint", "types", "release"} <= named <= targets
