"""Policies that passed are not tried out again, and nothing else is taken for passed."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from colonnade.policy import (
    ConfirmedGrants,
    PolicyBundle,
    PolicyError,
    PolicyModule,
    Vocabulary,
)
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages
from colonnade_runtime.adapters.policy.trial.verdict_cache import (
    CAPACITY,
    LARGEST,
    VerdictCache,
    account_folder,
    verdict_key,
)
from colonnade_runtime.adapters.policy.trial.verification import verify

ENTRY = Path(__file__).parents[4] / "policies" / "colonnade.rego"
QUIZ = 'package colonnade.services.quiz\n\nactions contains "quiz.read"\n\ngrants contains []\n'
MARKED = ConsultedPackages({"quiz.read": ("marked",)}, ())
"""What no trial of these policies says, so that it shows where an answer came from."""


def bundle(rules: str = "", folder: str = "policies") -> PolicyBundle:
    modules = (
        PolicyModule(f"{folder}/colonnade.rego", ENTRY.read_text("utf-8")),
        PolicyModule(f"{folder}/quiz.rego", QUIZ + rules),
    )
    return PolicyBundle(modules, {"quiz.read": "quiz"})


async def test_what_passed_is_known_to_the_next_process(tmp_path: Path) -> None:
    tried = await verify(bundle(), VerdictCache(tmp_path))

    assert tried.granting == {"quiz.read": ("quiz",)}
    assert VerdictCache(tmp_path).find(verdict_key(bundle())) == tried


async def test_what_passed_is_not_tried_out_again_wherever_it_lies(tmp_path: Path) -> None:
    VerdictCache(tmp_path).keep(verdict_key(bundle()), MARKED)

    found = await verify(bundle(folder="/srv/elsewhere"), VerdictCache(tmp_path))

    assert found == MARKED


@pytest.mark.parametrize(
    "changed",
    [
        bundle("\n"),
        replace(bundle(), actions={"quiz.read": "exam"}),
        replace(bundle(), vocabulary=Vocabulary(roles=frozenset({"learner"}))),
        replace(bundle(), vocabulary=Vocabulary(services=frozenset({"learner"}))),
        replace(bundle(), vocabulary=Vocabulary(fields={"quiz": frozenset({"title"})})),
        replace(bundle(), modules=tuple(reversed(bundle().modules))),
        replace(bundle(), modules=(*bundle().modules, PolicyModule("x.rego", ""))),
        replace(bundle(), modules=tuple(replace(each, plugin="x") for each in bundle().modules)),
        replace(bundle(), confirmed={"x": ConfirmedGrants()}),
        replace(bundle(), confirmed={"x": ConfirmedGrants(frozenset({"quiz.read"}))}),
        replace(bundle(), confirmed={"x": ConfirmedGrants(strangers=frozenset({"quiz.read"}))}),
    ],
    ids=[
        "a source",
        "an action",
        "a role",
        "a service",
        "a field",
        "the order",
        "a file more",
        "who brought it",
        "a plugin",
        "a grant",
        "a grant to strangers",
    ],
)
def test_whatever_counts_is_in_the_key(changed: PolicyBundle) -> None:
    assert verdict_key(changed) != verdict_key(bundle())


def test_the_key_does_not_change_from_process_to_process() -> None:
    """Sets have another order in each."""
    program = (
        "from colonnade.policy import PolicyBundle, Vocabulary;"
        "from colonnade_runtime.adapters.policy.trial.verdict_cache import verdict_key;"
        "print(verdict_key(PolicyBundle((), {}, Vocabulary(roles=frozenset('abcdefgh')))))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(keys) == 1


async def test_what_did_not_pass_is_tried_out_each_time(tmp_path: Path) -> None:
    broken = bundle('\ndeny contains [] if input.action == "quiz.raed" with input as 1\n')
    for _ in range(2):
        with pytest.raises(PolicyError):
            await verify(broken, VerdictCache(tmp_path))
    assert list(tmp_path.iterdir()) == []


def _others_may_write(file: Path) -> None:
    file.chmod(0o666)


def _others_may_write_the_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def _a_link(file: Path) -> None:
    file.replace(file.with_suffix(".real"))
    file.symlink_to(file.with_suffix(".real"))


def _damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def _something_else(file: Path) -> None:
    file.write_text('{"granting": {"quiz.read": 1}, "narrowing": []}')


def _too_large(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b" " * LARGEST)


@pytest.mark.parametrize(
    "spoil",
    [
        _others_may_write,
        _others_may_write_the_folder,
        _a_link,
        _damaged,
        _something_else,
        _too_large,
    ],
)
async def test_a_verdict_that_is_not_surely_ours_is_none(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    key = verdict_key(bundle())
    VerdictCache(tmp_path).keep(key, MARKED)
    spoil(tmp_path / f"{key}.json")

    assert (await verify(bundle(), VerdictCache(tmp_path))) != MARKED


async def test_a_folder_that_cannot_be_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    verified = VerdictCache(tmp_path / "file" / "policies")

    assert (await verify(bundle(), verified)).narrowing == ()
    assert verified.find(verdict_key(bundle())) is not None


def test_the_folder_holds_a_bounded_number_for_this_account_alone(tmp_path: Path) -> None:
    verified = VerdictCache(tmp_path / "policies")
    for number in range(CAPACITY + 3):
        verified.keep(f"{number:064}", MARKED)

    kept = list((tmp_path / "policies").iterdir())
    assert len(kept) == CAPACITY
    assert (tmp_path / "policies").stat().st_mode & 0o077 == 0
    assert not any(file.stat().st_mode & 0o077 for file in kept)
    assert VerdictCache(tmp_path / "policies").find(f"{CAPACITY + 2:064}") == MARKED


def test_the_verdict_that_is_used_stays(tmp_path: Path) -> None:
    VerdictCache(tmp_path).keep("used", MARKED)
    for number in range(CAPACITY - 1):
        VerdictCache(tmp_path).keep(f"{number}", MARKED)
    for number, file in enumerate(sorted(tmp_path.iterdir())):
        os.utime(file, (number, number))
    os.utime(tmp_path / "used.json", (0, 0))

    assert VerdictCache(tmp_path).find("used") == MARKED
    VerdictCache(tmp_path).keep("another", MARKED)
    assert VerdictCache(tmp_path).find("used") == MARKED
    assert len(list(tmp_path.iterdir())) == CAPACITY


def test_the_accounts_cache_folder_may_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert account_folder() == tmp_path / "colonnade" / "policies"
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    monkeypatch.setenv("HOME", "/home/ada")
    assert account_folder() == Path("/home/ada/.cache/colonnade/policies")
