"""Pages are true: links lead somewhere, blocks are what they say, commands work."""

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from colonnade_runtime.cli.new.plugin_files import PluginNames, plugin_files

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^(```+)([^\n]*)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TUTORIAL = ROOT / "docs/plugin-authors/tutorial.md"


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The ids that renderers give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def links() -> Iterator[Any]:
    for page in PAGES:
        for target in LINK.findall(prose(page)):
            if not re.match(r"[a-z]+:", target):
                yield pytest.param(page, target, id=f"{page.relative_to(ROOT)}→{target}")


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_every_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    assert found.exists()
    if anchor:
        assert anchor in anchors(found)


def test_every_page_is_reached_from_the_front_page() -> None:
    waiting, seen = [ROOT / "docs" / "README.md"], set[Path]()
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in LINK.findall(prose(page)))
        waiting += [page.parent / target for target in targets if target and ":" not in target]
    assert {path.resolve() for path in (ROOT / "docs").rglob("*.md")} <= seen


def blocks(*kinds: str) -> Iterator[Any]:
    for page in PAGES:
        for number, (_, kind, text) in enumerate(FENCE.findall(page.read_text("utf-8")), 1):
            if kind in kinds:
                yield pytest.param(page, text, id=f"{page.relative_to(ROOT)}#{number}")


@pytest.mark.parametrize(("page", "text"), list(blocks("yaml", "yaml platform", "yaml tenant")))
def test_every_yaml_block_is_yaml(page: Path, text: str) -> None:
    """Those marked `platform` or `tenant` are loaded by another test as what they say."""
    assert yaml.safe_load(text) is not None


@pytest.mark.parametrize(("page", "text"), list(blocks("json")))
def test_every_json_block_is_json(page: Path, text: str) -> None:
    assert json.loads(text) is not None


@pytest.mark.parametrize(("page", "text"), list(blocks("python")))
def test_every_python_block_is_python(page: Path, text: str) -> None:
    source = textwrap.dedent(text)
    if source.rstrip().endswith(":"):
        source += "    ...\n"
    ast.parse(source)


@pytest.fixture(scope="module")
def quiz_files() -> str:
    return "\n".join(plugin_files(PluginNames.of("quiz")).values())


@pytest.mark.parametrize(
    ("page", "text"),
    [
        block
        for block in blocks("python", "rego")
        if block.values[0].name in ("tutorial.md", "hooks.md", "contract.md")
    ],
)
def test_blocks_for_authors_are_from_what_new_plugin_writes(
    quiz_files: str, page: Path, text: str
) -> None:
    assert text in quiz_files


def test_the_commands_of_the_tutorial_work(tmp_path: Path) -> None:
    """In one folder, in their order."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [text for _, kind, text in FENCE.findall(TUTORIAL.read_text()) if kind == "sh run"]
    assert len(commands) > 2
    for command in commands:
        ran = subprocess.run(
            command, shell=True, cwd=tmp_path, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
