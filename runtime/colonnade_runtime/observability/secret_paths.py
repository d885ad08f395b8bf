"""Paths as a log line may show them: without the secrets that links carry."""

import re
from collections.abc import Iterable

from litestar.routes import BaseRoute

from colonnade.secrets import MASK
from colonnade_runtime.observability.masking import is_hidden

LONGEST_SEGMENT = 40
"""Characters of a segment that are shown whole; an id has 36."""

_SHOWN = 8
"""Characters of a longer segment that are left."""

_SEGMENT = re.compile(rf"[^/]{{{LONGEST_SEGMENT + 1},}}")

_hidden: dict[str, re.Pattern[str]] = {}


def hide_secrets_of(routes: Iterable[BaseRoute]) -> None:
    """Hide path parameters whose name says that they are secret, from now on.

    For the whole process, as its logs are. What follows such a parameter is hidden with it.
    """
    for route in routes:
        before: list[str] = []
        for component in route.path_components:
            if isinstance(component, str):
                before.append(re.escape(component))
            elif is_hidden(component.name):
                start = "/+".join(before)
                _hidden.setdefault(start, re.compile(rf"(/*{start}/+)[^/].*", re.S | re.I))
                break
            else:
                before.append("[^/]+")


def shown_path(path: str) -> str:
    """`path` without secrets; segments too long to be an id are cut, since they may be one."""
    for pattern in _hidden.values():
        found = pattern.fullmatch(path)
        if found is not None:
            return f"{found[1]}{MASK}"
    if len(path) <= LONGEST_SEGMENT:
        return path
    return _SEGMENT.sub(lambda segment: f"{segment[0][:_SHOWN]}…", path)
