"""Files of a policy folder, and rules in them, that look as if they counted and do not.

An override that stops being one is no mistake in any file: the plugin's file decides again, and it
may grant more. So what is nearly a policy is told, and nothing is refused for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from colonnade.policy import PolicyError, PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.grants.cross_service_grants import CONFIRMED
from colonnade_runtime.adapters.policy.rego.files import SUFFIX, TEST_SUFFIX, names_in, read_source
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline
from colonnade_runtime.declaration.ignored_files import is_ignored

_NEAR_SUFFIX = 0.7
_NEAR_NAME = 0.85
"""From which likeness on a name is a misspelt one."""

_MOST = 200
"""Names that are looked at in each folder within the policy folder."""


def files_without_effect(folder: Path, brought: Mapping[str, str]) -> Iterator[PolicyProblem]:
    """A problem for each file in `folder` that is no policy, and was hardly meant to be none.

    `brought` are the files of plugins, each with the plugin that brings it. Blocks on the disk.

    Raises:
        PolicyError: when the folder cannot be read.
    """
    names = names_in(folder)
    present = frozenset(names)
    for name in names:
        path = folder / name
        if name.endswith(TEST_SUFFIX):
            yield from _tests_alone(path, present, brought)
        elif not name.endswith(SUFFIX):
            yield from _confirmations(path, present)
            yield from _almost_a_policy(path, present, brought)
            yield from _in_a_folder(path, present, brought)


def grants_without_effect(modules: Sequence[PolicyModule]) -> Iterator[PolicyProblem]:
    """Each `grants` of a package that declares no action: it grants nothing."""
    outlines = [item for item in map(outline, modules) if item.package != ENTRY_PACKAGE]
    declaring = {item.package for item in outlines if "actions" in item.rule_names}
    for item in outlines:
        heads = [rule.head for rule in item.rules if rule.head.text == "grants"]
        if heads and item.package not in declaring:
            message = (
                f"grants nothing, since 'package {item.package}' declares no action; add "
                "'actions contains …' for each action that it grants."
            )
            yield PolicyProblem(item.module.path, heads[0].line, heads[0].column, message)


def _tests_alone(
    path: Path, present: frozenset[str], brought: Mapping[str, str]
) -> Iterator[PolicyProblem]:
    policy = path.name.removesuffix(TEST_SUFFIX) + SUFFIX
    if policy not in present and (policy in brought or _tests_its_namesake(path)):
        message = (
            f"tests {policy}, which is not in this folder: {_instead(policy, brought)}. Put "
            f"{policy} back, or remove its tests."
        )
        yield PolicyProblem(str(path), 0, 0, message)


def _tests_its_namesake(path: Path) -> bool:
    """Tell whether the tests name a package of their own name; others test several policies."""
    name = re.escape(path.name.removesuffix(TEST_SUFFIX))
    try:
        source = read_source(path)
    except PolicyError:
        # No start fails for tests; `check`, which runs them, says what is wrong.
        return False
    return re.search(rf"\bcolonnade\.services\.{name}\b(?!_test)", source) is not None


def _confirmations(path: Path, present: frozenset[str]) -> Iterator[PolicyProblem]:
    near = get_close_matches(path.name.lower(), [CONFIRMED], cutoff=_NEAR_NAME)
    if near and CONFIRMED not in present:
        message = f"does not count: what is confirmed is read from {CONFIRMED}; name it so."
        yield PolicyProblem(str(path), 0, 0, message)


def _almost_a_policy(
    path: Path, present: frozenset[str], brought: Mapping[str, str]
) -> Iterator[PolicyProblem]:
    policy = _meant(path.name, brought)
    if policy and policy not in present and not policy.endswith(TEST_SUFFIX):
        message = (
            f"does not count, since its name does not end in '{SUFFIX}': "
            f"{_instead(policy, brought)}. Name it {policy}, or move it out of the folder."
        )
        yield PolicyProblem(str(path), 0, 0, message)


def _meant(name: str, brought: Mapping[str, str]) -> str:
    """The name of the policy that a file of another name was; empty when it was none."""
    stem, found, _ = name.lower().partition(SUFFIX)
    if not found:
        stem, dot, suffix = name.lower().rpartition(".")
        if not dot or not get_close_matches(suffix, [SUFFIX[1:]], cutoff=_NEAR_SUFFIX):
            return ""
    known = f"{stem}{SUFFIX}"
    return known if known in brought or not stem else f"{name[: len(stem)]}{SUFFIX}"


def _in_a_folder(
    path: Path, present: frozenset[str], brought: Mapping[str, str]
) -> Iterator[PolicyProblem]:
    try:
        names = sorted(each.name for each, _ in zip(path.iterdir(), range(_MOST), strict=False))
    except OSError:
        # No folder, or one that is not ours to read.
        return
    for name in names:
        is_policy = name.endswith(SUFFIX) and not name.endswith(TEST_SUFFIX)
        if is_policy and name not in present and not is_ignored(name):
            message = (
                "does not count, since folders within the policy folder are not read: "
                f"{_instead(name, brought)}. Move it to {path.parent / name}, or out of the folder."
            )
            yield PolicyProblem(str(path / name), 0, 0, message)


def _instead(policy: str, brought: Mapping[str, str]) -> str:
    plugin = brought.get(policy)
    if plugin is None:
        return "nothing that it says holds"
    return f"{policy} of the plugin '{plugin}' decides instead"
