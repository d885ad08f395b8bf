"""The house is built as its plan says, so that a place follows from a name."""

import ast
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import TAKEN_FIRST

ROOT = Path(__file__).parents[3]
PACKAGES = sorted(path for path in (ROOT / "plugins").iterdir() if (path / "plugin.py").exists())
SERVICES = [path for path in PACKAGES if "def create_service(" in (path / "plugin.py").read_text()]
"""The others extend a service: a payment provider, for one."""
ANATOMY = ("plugin.py", "models.py", "service.py", "routes.py", "reactions.py", "py.typed")
HOUSE = (
    "platform.yaml",
    "tenants/acme.yaml",
    "tenants/globex.yaml",
    "policies/colonnade.rego",
    "core/colonnade/hookspecs.py",
    "runtime/colonnade_runtime/adapters",
    "runtime/colonnade_runtime/testing",
    "tests/core",
    "tests/runtime",
    "tests/plugins",
    "tests/contract",
    "tests/journeys",
    "tests/faults",
    "tests/docs",
    "docs/operators",
    "docs/plugin-authors",
    "docs/api",
    "docs/reference",
    "docs/decisions",
    "docs/internals",
    "benchmarks",
)
LONGEST = 600
ROOMY = 15
"""Modules that a folder holds at most, outside core."""
FLAT = ROOT / "tests" / "core"
"""It mirrors core, whose modules are what plugins import: one noun a file, all in one place."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.parametrize("place", HOUSE)
def test_every_room_is_there(place: str) -> None:
    assert (ROOT / place).exists()


@pytest.mark.parametrize("name", TAKEN_FIRST)
def test_what_workers_take_first_is_there(name: str) -> None:
    assert (ROOT / "tests" / name).exists()


def test_the_source_roots_hold_import_names_only() -> None:
    assert [path.name for path in (ROOT / "core").iterdir() if path.name[0] != "."] == ["colonnade"]
    roots = {path.name for path in (ROOT / "runtime").iterdir() if path.name[0] != "."}
    assert roots == {"colonnade_runtime"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
class TestPlugins:
    """Every package is a plugin like anybody's."""

    def test_it_is_shipped_and_registered(self, package: Path) -> None:
        name = package.name.removeprefix("colonnade_")
        shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        entries = PROJECT["project"]["entry-points"]["colonnade.plugins"]
        assert f"plugins/{package.name}" in shipped
        assert entries[name] == f"{package.name}.plugin"

    def test_it_keeps_the_contract_of_every_plugin(self, package: Path) -> None:
        folder = ROOT / "tests" / "plugins" / package.name.removeprefix("colonnade_")
        tests = "\n".join(path.read_text("utf-8") for path in folder.glob("test_*contract*.py"))
        assert "(PluginContract):" in tests
        assert (folder / "contract.json").exists()


@pytest.mark.parametrize("package", SERVICES, ids=lambda path: path.name)
class TestServices:
    """Whoever knows one service package knows all."""

    def test_it_has_the_anatomy_of_every_service(self, package: Path) -> None:
        assert [name for name in ANATOMY if not (package / name).exists()] == []
        assert (package / "api.py").exists() or (package / "api" / "__init__.py").exists()
        assert (package / "migrations" / "v0001_initial.py").exists()

    def test_it_brings_its_policies_with_tests(self, package: Path) -> None:
        name = package.name.removeprefix("colonnade_")
        for file in (f"{name}.rego", f"{name}_test.rego"):
            assert (package / "policies" / file).exists()


def test_the_policy_folder_holds_the_operators_entry_point_alone() -> None:
    files = {path.name for path in (ROOT / "policies").iterdir()}
    assert files == {"colonnade.rego", "colonnade_test.rego", "README.md"}


def test_no_file_is_too_long_to_read() -> None:
    places = [ROOT / name for name in ("core", "runtime", "plugins", "tests", "benchmarks")]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for place in places
        for path in place.rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_room_holds_more_than_one_can_look_through() -> None:
    crowded = {}
    for place in ("runtime", "plugins", "tests", "benchmarks"):
        for folder in {path.parent for path in (ROOT / place).rglob("*.py")} - {FLAT}:
            modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
            if len(modules) > ROOMY:
                crowded[str(folder.relative_to(ROOT))] = len(modules)
    assert crowded == {}


def modules() -> dict[str, Path]:
    """Every module that is shipped, by its import name."""
    found = {}
    for root in (ROOT / "core", ROOT / "runtime", ROOT / "plugins"):
        for path in root.rglob("*.py"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Modules of ours that are imported when `path` is, types alone apart."""
    pending: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if whole in known else node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        pending.extend(ast.iter_child_nodes(node))


def test_no_module_imports_in_a_circle() -> None:
    known = modules()
    graph = {
        name: {each for each in imported(path, known) if each in known and each != name}
        for name, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' -> '.join(error.args[1])}")
