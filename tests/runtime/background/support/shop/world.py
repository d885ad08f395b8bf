"""The world outside: it remembers every effect in a file, so that a crash cannot erase it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path


class World:
    """Effects by name and idempotency key. `before` and `after` may raise around an effect."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before: Callable[[str], None] = lambda name: None
        self.after: Callable[[str], None] = lambda name: None
        self.calls: Counter[str] = Counter()

    def act(self, name: str, key: str, *, idempotent: bool = True) -> None:
        """Cause an effect; an idempotent one only once per key."""
        self.calls[name] += 1
        self.before(name)
        if not (idempotent and self.count(name, key)):
            with self.path.open("a") as file:
                file.write(json.dumps([name, key]) + "\n")
        self.after(name)

    def count(self, name: str, key: str) -> int:
        """Count how often an effect was caused."""
        return self.effects()[name, key]

    def effects(self) -> Counter[tuple[str, str]]:
        """Every effect with how often it was had."""
        if not self.path.exists():
            return Counter()
        lines = self.path.read_text().splitlines()
        return Counter((name, key) for name, key in map(json.loads, lines))

    def names(self, saga: str) -> Counter[str]:
        """The effects had for one saga."""
        found: Counter[str] = Counter()
        for (name, key), count in self.effects().items():
            if key.startswith(saga):
                found[name] += count
        return found
