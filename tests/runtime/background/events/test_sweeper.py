"""The sweeper says once what it could not look at."""

from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from colonnade.clock import SystemClock
from colonnade_runtime.adapters.store.sqlite.files.failures import DAMAGED, StoreFailure
from colonnade_runtime.background.events.sweeper import Sweeper


class Index:
    """Names one tenant, and fails for it while there is an error."""

    error: Exception | None = None

    async def tenants_with_work(self) -> list[str]:
        return ["acme"]

    async def start_sweep(self, tenant: str) -> int:
        if self.error is not None:
            raise self.error
        return 0

    async def forget_work(self, tenant: str, mark: int) -> bool:
        return False


def sweeper_of(index: Index) -> Sweeper:
    return Sweeper(
        "user", index, (), lambda tenant: True, lambda: True, SystemClock(),
        structlog.get_logger(), quiet=0.0,
    )  # fmt: skip


async def swept(sweeper: Sweeper, times: int) -> list[Any]:
    with capture_logs() as lines:
        for _ in range(times):
            await sweeper.sweep()
    return [line["event"] for line in lines]


async def test_a_tenant_that_cannot_be_swept_is_said_once_until_it_can() -> None:
    index = Index()
    sweeper = sweeper_of(index)

    index.error = RuntimeError("broken")
    assert await swept(sweeper, 5) == ["tenant not swept"]
    index.error = None
    assert await swept(sweeper, 2) == []
    index.error = RuntimeError("broken again")
    assert await swept(sweeper, 2) == ["tenant not swept"]


@pytest.mark.parametrize("kind", [DAMAGED, "disk_full"])
async def test_what_is_said_as_a_fault_is_not_said_again(kind: str) -> None:
    index = Index()
    index.error = StoreFailure("It is damaged.", kind, "Restore it.")

    assert await swept(sweeper_of(index), 3) == []
