"""What an import remembers while it runs; between runs it remembers nothing but names."""

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
class Imported:
    """One import of the source `key`: what it calls things, what it changed, what it warns of."""

    key: str
    warnings: list[str] = field(default_factory=list)
    changes: int = 0

    @property
    def prefix(self) -> str:
        """What the external id of everything of this source begins with."""
        return f"{self.key}/"

    def external_id(self, key: str) -> str:
        """What the item `key` of this source is called in the academy."""
        whole = self.prefix + key
        if len(whole) <= MAXIMUM_EXTERNAL_ID:
            return whole
        return self.prefix + hashlib.sha256(key.encode()).hexdigest()

    def make(
        self, make: Callable[[], ItemT], find: Callable[[], Sequence[FoundT]]
    ) -> ItemT | FoundT:
        """What `make` makes, counted as a change; where another import of the same source has
        taken the name since it was looked for, what `find` finds.

        Raises:
            Conflict: something else stands in the way.
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
        """Say something at the end."""
        self.warnings.append(sentence)


def every(platform: PlatformClient, tenant: str, request: ListRequest[Page[ItemT]]) -> list[ItemT]:
    """Everything in a list, page by page."""
    found: list[ItemT] = []
    while True:
        page = platform.ask(tenant, request)
        found += page.items
        if page.next_cursor is None:
            return found
        request = request.model_copy(update={"cursor": page.next_cursor})
