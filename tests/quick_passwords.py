"""Passwords that cost next to nothing, for tests of everything but their cost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from colonnade_user.passwords import hashing


@contextmanager
def quick_passwords() -> Iterator[None]:
    """For the block, Argon2id takes the least that it may instead of thirty milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "ITERATIONS", 1)
        patch.setattr(hashing, "MEMORY_KIBIBYTES", 8)
        hashing.unmatched_hash.cache_clear()
        yield
    hashing.unmatched_hash.cache_clear()
