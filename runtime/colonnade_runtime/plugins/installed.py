"""Installed distributions that may be plugins; nothing is imported to find out.

A plugin is an entry point of the group `colonnade.plugins`.
"""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

GROUP = "colonnade.plugins"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Candidate: an installed distribution that may be a plugin."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint | None = None
    module: ModuleType | None = None

    def __str__(self) -> str:
        return f"plugin '{self.name}' ({self.distribution} {self.version})"

    def load(self) -> ModuleType:
        loaded = self.entry_point.load() if self.entry_point is not None else self.module
        if not isinstance(loaded, ModuleType):
            raise TypeError("its entry point does not name a module")
        return loaded


def installed_plugins() -> list[tuple[str, str, str, EntryPoint]]:
    """Every installed plugin, wanted or not, none imported: name, distribution, version, entry."""
    found = {
        (entry.name, entry.value, *_distribution(entry)): entry
        for entry in entry_points(group=GROUP)
    }
    return [(key[0], key[2], key[3], entry) for key, entry in sorted(found.items(), key=_by_key)]


def _by_key(item: tuple[tuple[str, ...], EntryPoint]) -> tuple[str, ...]:
    return item[0]


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    if entry.dist is None:
        return entry.module, "of unknown version"
    # Each access to it parses the whole file again.
    metadata = entry.dist.metadata
    return metadata["Name"], metadata["Version"]
