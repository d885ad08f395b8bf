"""The pages about internals name places that are there, and every room of the house."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
RUNTIME = ROOT / "runtime" / "colonnade_runtime"
PAGES = sorted((ROOT / "docs" / "internals").glob("*.md"))
HOUSE = (ROOT / "docs" / "internals" / "house.md").read_text("utf-8")
ELSEWHERE = ("core/", "plugins/", "tests/")


def named_places() -> Iterator[Any]:
    for page in PAGES:
        for path, name in re.findall(r"`([\w/]+\.py)(?::([\w.]+))?`", page.read_text("utf-8")):
            yield pytest.param(path, name, id=f"{page.stem}: {path}:{name}")


@cache
def definitions(file: Path) -> frozenset[str]:
    """Classes, functions and methods, as `Class.method`."""
    found: set[str] = set()

    def visit(node: ast.AST, prefix: str) -> None:
        for each in getattr(node, "body", []):
            if isinstance(each, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                found.add(prefix + each.name)
                if isinstance(each, ast.ClassDef):
                    visit(each, f"{prefix}{each.name}.")

    visit(ast.parse(file.read_text("utf-8")), "")
    return frozenset(found)


@pytest.mark.parametrize(("path", "name"), [*named_places()])
def test_a_place_that_a_walk_names_is_there(path: str, name: str) -> None:
    if "/" not in path:
        return
    file = (ROOT if path.startswith(ELSEWHERE) else RUNTIME) / path
    assert file.is_file(), f"{path} is not there: the page must follow the move"
    assert not name or name in definitions(file), f"{path} defines no {name}"


def rooms(top: Path) -> Iterator[Path]:
    """Folders that hold modules, those of plugins' templates apart."""
    for folder in sorted({file.parent for file in top.rglob("*.py")}):
        if "plugin_template" not in folder.parts:
            yield folder


@pytest.mark.parametrize("room", [each for each in rooms(RUNTIME) if each != RUNTIME], ids=str)
def test_every_room_of_the_runtime_is_on_the_page(room: Path) -> None:
    assert f"`{room.relative_to(RUNTIME)}/`" in HOUSE


def test_every_room_on_the_page_is_there() -> None:
    for row in re.findall(r"^\| `[a-z]+/.*$", HOUSE, re.MULTILINE):
        for name in re.findall(r"`([a-z_/]+)/`", row):
            assert (RUNTIME / name).is_dir(), f"the page names {name}/, which is not there"


ALIKE = {"api", "handlers", "migrations", "policies"}


@pytest.mark.parametrize("service", sorted((ROOT / "plugins").glob("colonnade_*")), ids=str)
def test_every_story_of_a_service_is_on_the_page(service: Path) -> None:
    name = service.name.removeprefix("colonnade_")
    [row] = re.findall(rf"^\| {name} \|(.*)\|$", HOUSE, re.MULTILINE) or [""]
    stories = {str(each.relative_to(service)) for each in rooms(service) if each != service}
    told = {each.rstrip("/") for each in re.findall(r"`([\w/]+)`", row)}
    assert {each for each in stories if each.split("/")[0] not in ALIKE} == told - {"texts"}


def test_every_room_of_the_tests_is_on_the_page() -> None:
    for folder in (ROOT / "tests").iterdir():
        if folder.is_dir() and next(folder.rglob("*.py"), None):
            assert f"`tests/{folder.name}/`" in HOUSE
