"""Reads `confirmed.yaml`: which grants across services an operator lets plugins make."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import Field

from colonnade.policy import ConfirmedGrants
from colonnade_runtime.declaration.model.section import Section, Version, write_out
from colonnade_runtime.declaration.validation import validate
from colonnade_runtime.declaration.yaml.parser import ParseError, parse, read_file
from colonnade_runtime.declaration.yaml.problems import DeclarationError, Problem, closest
from colonnade_runtime.declaration.yaml.tree import MappingNode, Path, dotted, matching
from colonnade_runtime.declaration.yaml.values import values_of


class ConfirmedSection(Section):
    """Grants of other services' actions that the policies of one plugin may make."""

    grants: list[str] = Field(default_factory=list)
    """Actions of other services that its policies may grant, to people who have signed in."""
    strangers: list[str] = Field(default_factory=list)
    """Actions of other services that its policies may grant to anybody."""


class Confirmed(Section):
    """The whole of `confirmed.yaml`."""

    version: Version
    """The version of this format: `1`."""
    plugins: dict[str, ConfirmedSection] = Field(default_factory=dict)
    """Confirmed grants by the name of the plugin."""


def read_confirmed_grants(
    path: FilePath,
    plugins: Collection[str] | None = None,
    actions: Collection[str] | None = None,
) -> Mapping[str, ConfirmedGrants]:
    """Read the confirmed grants at `path`, by plugin; empty when there is no such file.

    `plugins` and `actions` are those that it may name; without them, it may name any. Blocks on
    the disk.

    Raises:
        DeclarationError: with everything that is wrong with the file.
    """
    if not path.is_symlink() and not path.exists():
        return {}
    shown = str(path)
    try:
        tree = parse(read_file(path, shown), shown)
    except ParseError as error:
        raise DeclarationError([error.problem]) from None
    values = values_of(tree, {})
    confirmed, problems = validate(Confirmed, write_out(values.data, Confirmed), tree)
    problems = [*values.problems, *problems]
    if confirmed is not None:
        problems += _strange_names(confirmed, tree, plugins, actions)
    if confirmed is None or problems:
        raise DeclarationError(problems)
    return {
        name: ConfirmedGrants(frozenset(said.grants), frozenset(said.strangers))
        for name, said in confirmed.plugins.items()
    }


def _strange_names(
    confirmed: Confirmed,
    tree: MappingNode,
    plugins: Collection[str] | None,
    actions: Collection[str] | None,
) -> Iterator[Problem]:
    for name, said in confirmed.plugins.items():
        if plugins is not None and name not in plugins:
            path: Path = ("plugins", name)
            message = f"there is no plugin '{name}'"
            yield _problem(tree, path, message, closest(name, plugins))
        for key, listed in (("grants", said.grants), ("strangers", said.strangers)):
            for index, action in enumerate(listed):
                if actions is not None and action not in actions:
                    path = ("plugins", name, key, index)
                    message = f"there is no action '{action}'"
                    yield _problem(tree, path, message, closest(action, actions))


def _problem(tree: MappingNode, path: Path, message: str, near: str | None) -> Problem:
    _, node, place = matching(tree, path)
    at = place if isinstance(node, MappingNode) else node.place
    return Problem.at(at, dotted(path), message, near)
