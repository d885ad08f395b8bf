"""Reads the policy folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from colonnade.policy import PolicyError, PolicyModule, PolicyProblem
from colonnade_runtime.declaration.ignored_files import is_ignored

SUFFIX = ".rego"
TEST_SUFFIX = "_test.rego"
MAX_FILE = 1024 * 1024


def read_policies(folder: Path, brought: Sequence[PolicyModule] = ()) -> tuple[PolicyModule, ...]:
    """The modules of `folder`, without tests, and those that plugins `brought`.

    A file in the folder takes the place of a plugin's file of the same name, also one that cannot
    be read: nothing is granted by the plugin's then.

    Raises:
        PolicyError: naming the folder, the files that cannot be read, and those that two plugins
            bring.
    """
    paths = policy_files(folder)
    own = {path.name for path in paths}
    problems = [problem for problem in _brought_twice(brought) if problem.path not in own]
    modules = {module.path: replace(module, source=plain(module.source)) for module in brought}
    for path in paths:
        try:
            replaced = tuple(module.plugin for module in brought if module.path == path.name)
            modules[path.name] = PolicyModule(str(path), read_source(path), replaces=replaced)
        except (OSError, ValueError) as error:
            problems.append(PolicyProblem(str(path), 0, 0, f"cannot be read: {error}."))
    if problems:
        raise PolicyError(problems)
    return tuple(modules[name] for name in sorted(modules))


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
        PolicyError: when there is no such folder.
    """
    if not folder.is_dir():
        problem = PolicyProblem(
            str(folder), 0, 0, "there is no such folder; put the policies there."
        )
        raise PolicyError([problem])
    return [path for path in _rego_files(folder) if not path.name.endswith(TEST_SUFFIX)]


def policy_test_files(folder: Path) -> list[Path]:
    """The files of `folder` with tests of policies, by name."""
    return [path for path in _rego_files(folder) if path.name.endswith(TEST_SUFFIX)]


def _rego_files(folder: Path) -> list[Path]:
    found = folder.glob(f"*{SUFFIX}")
    return sorted(path for path in found if not is_ignored(path.name))


def read_source(path: Path) -> str:
    """The text of a Rego file, without a byte order mark and with plain ends of lines.

    Raises:
        OSError: when it cannot be read.
        ValueError: when it is too large, not UTF-8, or not a file.
    """
    if path.exists() and not path.is_file():
        # A pipe would keep the reader waiting for ever.
        raise ValueError("it is not a file")
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"it is larger than {MAX_FILE} bytes")
    return plain(path.read_bytes().decode("utf-8"))


def plain(text: str) -> str:
    """`text` as if it had been saved without a byte order mark and with line feeds alone."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
