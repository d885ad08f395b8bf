"""Differences between two readings of a declaration, for the log."""

from colonnade_runtime.declaration import LoadedPlatform

SHOWN = 20
"""Names that a line lists of each sort; a last one says how many more there are."""


def changes_between(before: LoadedPlatform, after: LoadedPlatform) -> dict[str, list[str]]:
    """Academies that came, went or changed, and changed sections of the platform; no values."""
    old, new = before.tenants, after.tenants
    changed = [name for name in old.keys() & new.keys() if old[name] != new[name]]
    sections = [
        name
        for name in type(after.platform).model_fields
        if getattr(before.platform, name) != getattr(after.platform, name)
    ]
    found = {
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
        "changed": changed,
        "sections": sections,
    }
    return {sort: _listed(sorted(names)) for sort, names in found.items() if names}


def _listed(names: list[str]) -> list[str]:
    more = len(names) - SHOWN
    return names if more <= 0 else [*names[:SHOWN], f"and {more} more"]
