"""Reads the policy folder."""

from collections.abc import Mapping
from pathlib import Path

from colonnade.policy import PolicyError, PolicyModule, PolicyProblem
from colonnade_runtime.declaration.left_behind import is_left_behind

SUFFIX = ".rego"
TEST_SUFFIX = "_test.rego"
MAX_FILE = 1024 * 1024


def read_policies(
    folder: Path, brought: Mapping[str, str] | None = None
) -> tuple[PolicyModule, ...]:
    """The modules of `folder`, without tests, and those that plugins brought (name → source).

    A file in the folder takes the place of a plugin's file of the same name.

    Raises:
        PolicyError: naming the folder or the files that cannot be read.
    """
    problems: list[PolicyProblem] = []
    modules = {name: PolicyModule(name, plain(text)) for name, text in (brought or {}).items()}
    for path in policy_files(folder):
        try:
            modules[path.name] = PolicyModule(str(path), read_source(path))
        except (OSError, ValueError) as error:
            problems.append(PolicyProblem(str(path), 0, 0, f"cannot be read: {error}."))
    if problems:
        raise PolicyError(problems)
    return tuple(modules[name] for name in sorted(modules))


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
    return sorted(path for path in found if not is_left_behind(path.name))


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
