"""Import run: external ids, counted changes and warnings of one run of an import.

Nothing is stored between runs: the external ids let the next run find what is there already.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from colonnade.command_line import PlatformClient
from colonnade.errors import Conflict
from colonnade.messages import Message
from colonnade.pagination import ListRequest, Page

MAXIMUM_EXTERNAL_ID = 200

ItemT = TypeVar("ItemT", bound=Message)
FoundT = TypeVar("FoundT", bound=Message)


@dataclass(slots=True)
class ImportRun:
    """Run of an import of the source `key`."""

    key: str
    warnings: list[str] = field(default_factory=list)
    changes: int = 0

    @property
    def prefix(self) -> str:
        """Prefix of the external ids of this source."""
        return f"{self.key}/"

    def external_id(self, key: str) -> str:
        """Return the external id of the item `key`; long keys are hashed."""
        whole = self.prefix + key
        if len(whole) <= MAXIMUM_EXTERNAL_ID:
            return whole
        return self.prefix + hashlib.sha256(key.encode()).hexdigest()

    def create(
        self, make: Callable[[], ItemT], find: Callable[[], Sequence[FoundT]]
    ) -> ItemT | FoundT:
        """Create an item with `make` and count it as a change.

        When another import of the same source was faster, return what `find` finds instead.

        Raises:
            Conflict: `find` finds nothing, so something else is in conflict.
        """
        try:
            made = make()
        except Conflict:
            found = find()
            if not found:
                raise
            return found[0]
        self.changes += 1
        return made

    def warn(self, sentence: str) -> None:
        """Add a warning, which is shown when the import has ended."""
        self.warnings.append(sentence)


def list_all(
    platform: PlatformClient, tenant: str, request: ListRequest[Page[ItemT]]
) -> list[ItemT]:
    """List all items, page by page."""
    found: list[ItemT] = []
    while True:
        page = platform.ask(tenant, request)
        found += page.items
        if page.next_cursor is None:
            return found
        request = request.model_copy(update={"cursor": page.next_cursor})
