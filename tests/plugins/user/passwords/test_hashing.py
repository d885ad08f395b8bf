"""Passwords are hashed with Argon2id, off the loop, in a queue that has an end."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from colonnade.errors import Unavailable
from colonnade.services import ServiceContext
from colonnade_user.passwords import hashing
from colonnade_user.passwords.hashing import PasswordHasher

T = TypeVar("T")


class Workers:
    """The part of a service's context that passwords need: threads, which a test can hold up."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.done: list[str] = []

    low_priority_threads = 2

    async def in_low_priority(self, function: Callable[..., T], *arguments: Any) -> T:
        def run() -> T:
            self.gate.wait(10)
            return function(*arguments)

        self.done.append(getattr(function, "__name__", ""))
        return await asyncio.to_thread(run)


@pytest.fixture
def workers() -> Workers:
    return Workers()


def keeper(workers: Workers, **options: Any) -> PasswordHasher:
    return PasswordHasher(cast(ServiceContext, workers), **options)


async def test_a_hash_says_argon2id_with_19_mib_two_iterations_and_one_lane(
    workers: Workers,
) -> None:
    kept = await keeper(workers).hash("correct horse")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_right_password_verifies_and_a_wrong_one_does_not(workers: Workers) -> None:
    keep = keeper(workers)
    kept = await keep.hash("correct horse")

    assert await keep.verify("correct horse", kept) == (True, None)
    assert await keep.verify("correct horst", kept) == (False, None)


async def test_one_password_typed_on_two_keyboards_is_one(workers: Workers) -> None:
    """Composed and decomposed characters are the same password."""
    keep = keeper(workers)
    kept = await keep.hash("pass\u00e9 compos\u00e9")

    assert await keep.verify("passe\u0301 compose\u0301", kept) == (True, None)


async def test_a_hash_of_older_parameters_is_renewed_when_it_verifies(workers: Workers) -> None:
    older = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))

    valid, renewed = await keeper(workers).verify("correct horse", older.hash("correct horse"))

    assert valid
    assert renewed is not None
    assert "m=19456" in renewed


async def test_an_unknown_account_costs_the_same_verification(workers: Workers) -> None:
    keep = keeper(workers)
    kept = await keep.hash("correct horse")
    workers.done.clear()

    await keep.verify("wrong horse", kept)
    of_a_known_account = list(workers.done)
    workers.done.clear()
    answer = await keep.verify("wrong horse", None)

    assert answer == (False, None)
    assert workers.done == of_a_known_account == ["verify_and_update"]


async def test_the_decoy_is_hashed_with_the_parameters_in_force(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = PasswordHash.verify_and_update

    def spy(self: PasswordHash, password: str, kept: str) -> tuple[bool, str | None]:
        seen.append(kept)
        return real(self, password, kept)

    monkeypatch.setattr(hashing.PasswordHash, "verify_and_update", spy)
    await keeper(workers).verify("correct horse", None)

    assert seen[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_whoever_comes_when_the_queue_is_full_is_told_when_to_come_back(
    workers: Workers,
) -> None:
    keep = keeper(workers, maximum_waiting=2)
    workers.gate.clear()
    waiting = [asyncio.create_task(keep.hash("correct horse")) for _ in range(4)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as refused:
        await keep.hash("correct horse")

    workers.gate.set()
    await asyncio.gather(*waiting)
    assert refused.value.headers == {"Retry-After": "2"}


async def test_a_place_in_the_queue_is_given_back(workers: Workers) -> None:
    keep = keeper(workers, maximum_waiting=1)

    for _ in range(3):
        assert await keep.hash("correct horse")
