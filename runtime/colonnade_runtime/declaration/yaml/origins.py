"""Origins of values: the layer, the place and the variables of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from colonnade_runtime.declaration.yaml.problems import Location, Problem
from colonnade_runtime.declaration.yaml.tree import Node, Path, ScalarNode, child, dotted, matching


class OriginKind(StrEnum):
    """The layer that said a value."""

    FILE = "file"
    OVERLAY = "overlay"
    ENVIRONMENT = "environment"
    SETTING = "setting"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of one value: its layer, its place, and the variables filled into it."""

    kind: OriginKind
    place: Location | None = None
    variables: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.place is None:
            return str(self.kind)
        filled = f" with {', '.join(self.variables)}" if self.variables else ""
        return f"{self.place}{filled}"


DEFAULT = Origin(OriginKind.DEFAULT)


class Origins:
    """The tree of a declaration with its layers, asked by path."""

    def __init__(
        self,
        tree: Node,
        kinds: Mapping[str, OriginKind],
        variables: Mapping[Path, tuple[str, ...]],
    ) -> None:
        self.tree = tree
        self._kinds = kinds
        self._variables = variables

    def of(self, path: Sequence[str | int], written: str | None = None) -> Origin:
        """The origin of the value at `path`; the default's when nobody wrote it.

        `written` is the value as text. It tells whether a short form above `path` stands for
        this value: in `policy: embedded:` it does for `policy.engine`, not for `policy.folder`.
        """
        node: Node = self.tree
        for depth, step in enumerate(path):
            below = child(node, step)
            if below is None:
                is_short_form = isinstance(node, ScalarNode) and node.text == written
                return self._origin(node, tuple(path[:depth])) if is_short_form else DEFAULT
            node = below
        return self._origin(node, tuple(path))

    def locate(self, path: Sequence[str | int]) -> Location:
        """The place of the key at `path`, or of the nearest key above that was written."""
        return matching(self.tree, path)[2]

    def problem(
        self, path: Sequence[str | int], message: str, suggestion: str | None = None
    ) -> Problem:
        """A problem with the value at `path`, at its place; for checks that come later, such
        as whether an adapter has a URL's scheme."""
        written, node, _ = matching(self.tree, path)
        subject = written if isinstance(node, ScalarNode) else path
        return Problem.at(node.place, dotted(subject), message, suggestion)

    def _origin(self, node: Node, path: Path) -> Origin:
        kind = self._kinds.get(node.place.source, OriginKind.FILE)
        return Origin(kind, node.place, self._variables.get(path, ()))
