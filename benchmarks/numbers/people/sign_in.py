"""Registrations and logins: how much of their processor time is the password's hash."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.flows import Outcome, outcomes, shown_counts
from benchmarks.registry import Figure, at_least, told
from benchmarks.yardstick import yardstick
from colonnade_user.passwords.hashing import new_password_hash

ASKED = 0.8
TIMES = 12
FLOWS = ("registration", "sign-in")
PASSWORD = "a password for learning"


def measure() -> Iterator[Figure]:
    """Until they are answered, each beside a hash of the same parameters in the same run."""
    before = _hash_seconds()
    found = outcomes(TIMES, FLOWS)
    hashing = statistics.median([before, _hash_seconds()])
    y = yardstick()
    for name in FLOWS:
        yield from _figures(name, found[name], hashing, y)


def _figures(name: str, found: list[Outcome], hashing: float, y: float) -> Iterator[Figure]:
    answered = statistics.median(each.answered for each in found)
    rest = (answered - hashing) / y
    beside = f"{hashing * 1e3:.1f} of {answered * 1e3:.1f} ms; all else {rest:.1f} Y"
    what = f"{name}: share of its processor time that is Argon2"
    yield at_least(what, ASKED, hashing / answered, beside)
    yield told(f"of a {name}, effects included", shown_counts(found))


def _hash_seconds() -> float:
    """Processor time of one verification, the median of several."""
    hasher = new_password_hash()
    stored = hasher.hash(PASSWORD)
    samples = []
    for _ in range(TIMES):
        started = time.process_time()
        hasher.verify(PASSWORD, stored)
        samples.append(time.process_time() - started)
    return statistics.median(samples)
