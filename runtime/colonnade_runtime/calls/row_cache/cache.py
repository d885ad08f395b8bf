"""Encoded answers of operations marked `cached`, in a bounded space, dropped when rows change.

See docs/decisions/hot-reads.md for why no answer can be older than the last committed write.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from cachetools import LRUCache

from colonnade.rows.row_tracking import ANY_TABLE, RowSet
from colonnade_runtime.calls.row_cache.dependents import Dependents

Key: TypeAlias = tuple[str, str, bytes, int, bytes, bytes, str]
"""Key of an answer beside rows: tenant, operation's subject, request, revision of the tenant's
declaration, fingerprints of the decision and of the readable set, locale."""

Target: TypeAlias = tuple[str, bytes]
"""Path and query string that an HTTP client asked for."""

Head: TypeAlias = tuple[int, list[tuple[bytes, bytes]]]
"""Status and headers of an HTTP response."""

DEFAULT_CAPACITY = 64 * 1024 * 1024
"""Bytes that all answers of a process may take, their keys and bookkeeping included."""

OVERHEAD = 2_000
"""Bytes reckoned for an entry beside its body: key, dependencies, one head (measured: 1,850)."""

LARGEST_SHARE = 16
"""An answer larger than this fraction of the capacity is not kept."""

MAXIMUM_ASKED_ONCE = 4_000
"""Requests for lists that are remembered without their answer; the second time it is kept."""

MAXIMUM_HEADS = 4
"""Targets (spellings of one address) whose heads are kept with an answer."""


@dataclass(slots=True, eq=False)
class CachedAnswer:
    """An encoded answer; `heads` are the HTTP responses' heads that it was sent with."""

    key: Key
    body: bytes
    reads: RowSet
    scope: Dependents
    heads: dict[Target, Head]
    size: int
    codings: dict[str, bytes]
    """The body in codings that clients take (RFC 9110 §8.4)."""

    def remember_head(self, target: Target, head: Head) -> None:
        """Keep the head with which this was sent to `target`."""
        if len(self.heads) < MAXIMUM_HEADS:
            self.heads[target] = head


@dataclass(frozen=True, slots=True)
class Reading:
    """A point in the sequence of a store's changes, taken before something is read."""

    scope: Dependents
    sequence: int


class RowCache:
    """Used from one event loop; entries that were not used for longest make room.

    Whoever fills it says with `begin` that it is about to read. A change that is announced with
    `drop` between `begin` and `keep` makes `keep` refuse, since the rows may have been read
    before it. `hits` and `misses` count what was asked, `crowded_out` and `outdated` the answers
    that went, for others or since rows changed.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._answers: OrderedDict[Key, CachedAnswer] = OrderedDict()
        self._scopes: dict[tuple[str, str], Dependents] = {}
        self._watched: dict[str, Callable[[str], bool | None]] = {}
        self._asked_once: LRUCache[int, bool] = LRUCache(MAXIMUM_ASKED_ONCE)
        self.hits = 0
        self.misses = 0
        self.crowded_out = 0
        self.outdated = 0

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def has_room(self) -> bool:
        """False for a cache that is switched off."""
        return self._capacity > 0

    @property
    def size(self) -> int:
        """Bytes in use, as reckoned."""
        return self._size

    def watch(self, service: str, changed: Callable[[str], bool | None]) -> None:
        """Ask `changed` of a tenant before an answer of `service` is given: whether another
        process has committed since it was last asked, or nothing when that is not known."""
        self._watched[service] = changed

    def find(self, key: Key) -> CachedAnswer | None:
        """The answer of this key, if it still holds, for whoever asked."""
        answer = self.look(key)
        if answer is not None:
            self.hits += 1
        return answer

    def look(self, key: Key) -> CachedAnswer | None:
        """The answer of this key, if it still holds; that counts as no use of the cache."""
        answer = self._answers.get(key)
        if answer is None or self._overtaken(answer.scope):
            return None
        self._answers.move_to_end(key)
        return answer

    def begin(self, service: str, tenant: str) -> Reading:
        """Say that rows of this service and tenant are about to be read, for want of an answer."""
        self.misses += 1
        scope = self._scopes.get((service, tenant))
        if scope is None:
            watched = self._watched.get(service)
            changed = None if watched is None else partial(watched, tenant)
            scope = self._scopes[service, tenant] = Dependents(changed)
        self._overtaken(scope)
        return Reading(scope, scope.sequence)

    def keep(self, key: Key, body: bytes, reads: RowSet, reading: Reading) -> None:
        """Keep an answer made of `reads`, unless something changed since `reading` began."""
        if reads.tables and not self._is_asked_again(key):
            return
        size = _size(key, body)
        if reading.scope.sequence != reading.sequence or size > self._capacity // LARGEST_SHARE:
            return
        before = self._answers.get(key)
        if before is not None:
            self._remove(before)
        answer = CachedAnswer(key, body, reads, reading.scope, {}, size, {})
        self._answers[key] = answer
        self._size += size
        reading.scope.add(answer, reads)
        self._make_room()

    def keep_coding(self, answer: CachedAnswer, coding: str, body: bytes) -> None:
        """Keep a kept answer in a coding, too; it goes with the answer."""
        if self._answers.get(answer.key) is not answer or coding in answer.codings:
            return
        answer.codings[coding] = body
        answer.size += len(body)
        self._size += len(body)
        self._make_room()

    def _make_room(self) -> None:
        while self._size > self._capacity:
            self.crowded_out += 1
            self._remove(next(iter(self._answers.values())))

    def _is_asked_again(self, key: Key) -> bool:
        """Tell whether this was asked before. Searches and pages come in endless variety: kept at
        the first asking, they would crowd out what is asked for all the time."""
        name = hash(key)
        if self._asked_once.pop(name, None):
            return True
        self._asked_once[name] = True
        return False

    def drop(self, service: str, tenant: str, changed: RowSet) -> None:
        """Forget every answer that was made of something in `changed`.

        Called on the loop after a commit, before whoever committed is told that it did.
        """
        scope = self._scopes.get((service, tenant))
        if scope is None:
            return
        scope.sequence += 1
        self._forget(scope, changed)

    def clear(self) -> None:
        """Forget everything: changes may have been missed."""
        for scope in self._scopes.values():
            scope.sequence += 1
        for answer in list(self._answers.values()):
            self._remove(answer)

    def _overtaken(self, scope: Dependents) -> bool:
        """True when another process may have changed rows; then all answers made of them are
        dropped."""
        if scope.changed is None or scope.changed() is False:
            return False
        scope.sequence += 1
        self._forget(scope, RowSet(tables={ANY_TABLE}))
        return True

    def _forget(self, scope: Dependents, changed: RowSet) -> None:
        for answer in scope.touched(changed):
            self.outdated += 1
            self._remove(answer)

    def _remove(self, answer: CachedAnswer) -> None:
        if self._answers.pop(answer.key, None) is None:
            return
        self._size -= answer.size
        answer.scope.remove(answer, answer.reads)


def _size(key: Key, body: bytes) -> int:
    return OVERHEAD + len(body) + len(key[2])
