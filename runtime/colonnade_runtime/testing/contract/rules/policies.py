"""Rules about what a plugin's operations are decided by."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from colonnade.operations import operation_of
from colonnade.policy import PolicyBundle, PolicyError, PolicyModule
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.rego.files import (
    SUFFIX,
    TEST_SUFFIX,
    read_policies,
)
from colonnade_runtime.adapters.policy.trial.test_runner import run_rego_tests
from colonnade_runtime.testing.contract.examination.policy_folder import brought_policies, lay_out
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject


def actions_have_policies(subject: Subject) -> Iterator[str]:
    """Each operation's action is known to the policies; the platform refuses any other."""
    actions = {
        operation_of(request).action: operation_of(request).service
        for request in subject.operations
    }
    with tempfile.TemporaryDirectory() as folder:
        lay_out(subject, Path(folder))
        try:
            asyncio.run(_load(PolicyBundle(_policies(subject, Path(folder)), actions)))
        except PolicyError as error:
            yield from error.message.splitlines()


def _policies(subject: Subject, folder: Path) -> tuple[PolicyModule, ...]:
    """The policies laid out in a folder; a plugin may bring several files of one package."""
    brought = {Path(name).name for name in brought_policies(subject)}
    return tuple(
        replace(module, replaces=(subject.info.name,))
        if Path(module.path).name in brought
        else module
        for module in read_policies(folder)
    )


def policies_pass_their_tests(subject: Subject) -> Iterator[str]:
    """Each policy it brings has a `_test.rego` in its folder `policies`, and the tests pass."""
    brought = brought_policies(subject)
    if not brought:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(subject, folder)
        for file in brought:
            tests = _beside(subject, file)
            if tests is not None and tests.is_file():
                shutil.copy(tests, folder)
        try:
            results = run_rego_tests(folder)
        except PolicyError as error:
            raise NotTried(f"the policies cannot be read: {error.message}") from error
        ours = {file.removesuffix(SUFFIX) + TEST_SUFFIX for file in brought}
        yield from (
            f"{Path(result.path).name}: {result.rule}: {result.reason}"
            for result in results
            if Path(result.path).name in ours and not result.passed
        )


def _beside(subject: Subject, file: str) -> Path | None:
    if subject.folder is None:
        return None
    return subject.folder / "policies" / (file.removesuffix(SUFFIX) + TEST_SUFFIX)


async def _load(bundle: PolicyBundle) -> None:
    engine = EmbeddedPolicy()
    try:
        await engine.load(bundle)
    finally:
        await engine.close()


CHECKS = (actions_have_policies, policies_pass_their_tests)
