"""Reads the policy folder."""

import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from colonnade.policy import PolicyError, PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE, SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline
from colonnade_runtime.declaration.ignored_files import is_ignored

SUFFIX = ".rego"
TEST_SUFFIX = "_test.rego"
ENTRY_FILE = "colonnade.rego"
MAX_FILE = 1024 * 1024


def read_policies(folder: Path, brought: Sequence[PolicyModule] = ()) -> tuple[PolicyModule, ...]:
    """The modules of `folder`, without tests, and those that plugins `brought`.

    A file in the folder takes the place of a plugin's file of the same name, also one that cannot
    be read: nothing is granted by the plugin's then.

    Raises:
        PolicyError: naming the folder, the files that cannot be read or whose package is not that
            of their name, and those that two plugins bring.
    """
    paths = policy_files(folder)
    own = {path.name for path in paths}
    problems = [problem for problem in _brought_twice(brought) if problem.path not in own]
    modules = {module.path: replace(module, source=plain(module.source)) for module in brought}
    for path in paths:
        theirs = [module for module in brought if module.path == path.name]
        try:
            replaced = tuple(module.plugin for module in theirs)
            own_module = PolicyModule(str(path), read_source(path), replaces=replaced)
        except PolicyError as error:
            problems += error.problems
        else:
            problems += _foreign_package(own_module, theirs)
            modules[path.name] = own_module
    if problems:
        raise PolicyError(problems)
    return tuple(modules[name] for name in sorted(modules))


def _foreign_package(module: PolicyModule, theirs: Sequence[PolicyModule]) -> list[PolicyProblem]:
    """Another package than that of the plugins' files whose place the operator's file takes.

    Without this, what follows from it would be said instead: actions that no policy knows, rules
    that count twice.
    """
    expected = {outline(each).package for each in theirs}
    if Path(module.path).name == ENTRY_FILE:
        expected.add(ENTRY_PACKAGE)
    found = outline(module)
    known = {name for name in expected if name == ENTRY_PACKAGE or name.startswith(SERVICE_PACKAGE)}
    if not known or found.package in known or found.package_name is None:
        return []
    name = found.package_name
    message = f"must begin with 'package {min(known)}', not with 'package {found.package}'."
    return [PolicyProblem(module.path, name.line, name.column, message)]


def _brought_twice(brought: Sequence[PolicyModule]) -> list[PolicyProblem]:
    """One of two files of a name would take the place of the other, in silence."""
    first: dict[str, str] = {}
    problems = []
    for module in brought:
        other = first.setdefault(module.path, module.plugin)
        if other != module.plugin:
            message = (
                f"the plugins '{other}' and '{module.plugin}' bring a policy of this name each; "
                "put the one that is meant into the policy folder, or remove one of the plugins."
            )
            problems.append(PolicyProblem(module.path, 0, 0, message))
    return problems


def policy_files(folder: Path) -> list[Path]:
    """The policy files of `folder`, without tests, by name. What editors leave is passed over.

    Raises:
        PolicyError: when there is no such folder, or it cannot be read.
    """
    return [path for path in _rego_files(folder) if not path.name.endswith(TEST_SUFFIX)]


def policy_test_files(folder: Path) -> list[Path]:
    """The files of `folder` with tests of policies, by name.

    Raises:
        PolicyError: when there is no such folder, or it cannot be read.
    """
    return [path for path in _rego_files(folder) if path.name.endswith(TEST_SUFFIX)]


def names_in(folder: Path) -> list[str]:
    """The names in a folder of policies, in order; those that editors leave are passed over.

    Raises:
        PolicyError: when there is no such folder, or it cannot be read.
    """
    try:
        # Not by `Path.glob`, which takes a folder that cannot be read for an empty one.
        found = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        message = "there is no such folder; put the policies there."
        raise PolicyError([_problem(folder, message)]) from None
    except OSError as error:
        message = (
            f"cannot be read: {_reason(error)}; policies are read from this folder, so let the "
            "account that runs this read and enter it."
        )
        raise PolicyError([_problem(folder, message)]) from None
    return sorted(name for name in found if not is_ignored(name))


def _rego_files(folder: Path) -> list[Path]:
    return [folder / name for name in names_in(folder) if name.endswith(SUFFIX)]


def read_source(path: Path) -> str:
    """The text of a Rego file, without a byte order mark and with plain ends of lines.

    Raises:
        PolicyError: when it cannot be read, or is too large, not UTF-8, or not a file.
    """
    try:
        # A pipe would keep the reader waiting for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise PolicyError([_problem(path, "is not a file.")])
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise PolicyError([_problem(path, f"cannot be read: {_reason(error)}.")]) from None
    if len(data) > MAX_FILE:
        raise PolicyError([_problem(path, "the file is larger than 1 MiB.")])
    try:
        return plain(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise PolicyError([_no_text(path, data, error.start)]) from None


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()


def _problem(path: Path, message: str) -> PolicyProblem:
    return PolicyProblem(str(path), 0, 0, message)


def _no_text(path: Path, data: bytes, offset: int) -> PolicyProblem:
    line = data.count(b"\n", 0, offset) + 1
    column = offset - data.rfind(b"\n", 0, offset)
    message = f"byte 0x{data[offset]:02x} is not UTF-8 text; save the file as UTF-8."
    return PolicyProblem(str(path), line, column, message)


def plain(text: str) -> str:
    """`text` as if it had been saved without a byte order mark and with line feeds alone."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
