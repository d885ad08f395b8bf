"""Reads that took longer than the loop may be kept, so that they need not be tried there again."""

from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any

from cachetools import TTLCache

REMEMBERED_SECONDS = 60.0
"""How long a read goes to a thread at once: its store may be smaller afterwards, or less busy."""

MAXIMUM_REMEMBERED = 1_000


class LongReads:
    """Memory of which work was long on which file.

    Work is known by its code: the next function that a handler makes is another one of the same.
    """

    def __init__(self, timer: Callable[[], float]) -> None:
        self._known: TTLCache[tuple[str, CodeType], bool] = TTLCache(
            MAXIMUM_REMEMBERED, REMEMBERED_SECONDS, timer=timer
        )

    def note(self, tenant: str, work: Callable[..., Any]) -> None:
        """Remember that the work was long."""
        code = _code_of(work)
        if code is not None:
            self._known[tenant, code] = True

    def expects(self, tenant: str, work: Callable[..., Any]) -> bool:
        """Tell whether the work was long of late."""
        # Mostly nothing is, and every read asks.
        return bool(self._known) and (tenant, _code_of(work)) in self._known


def _code_of(work: Callable[..., Any]) -> CodeType | None:
    while isinstance(work, partial):
        work = work.func
    code = getattr(work, "__code__", None)
    return code if isinstance(code, CodeType) else None
