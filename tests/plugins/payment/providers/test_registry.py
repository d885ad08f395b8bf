"""A provider that raises anything, or answers what nobody reads: it may have happened."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from colonnade.money import Money
from colonnade.quantities import Duration
from colonnade_payment.api import (
    MethodDeclined,
    NoAnswer,
    Outcome,
    ProviderAction,
    ProviderRecord,
    ProviderRequest,
)
from colonnade_payment.providers.registry import Providers

PRICE = Money(amount=4900, currency="EUR")
REQUEST = ProviderRequest(ProviderAction.CAPTURE, "key", "acme", "one", PRICE, "card", "ref")


class Provider:
    """Provider that answers as the test says, whatever it is asked."""

    name = "sandbox"

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act

    async def perform(self, request: ProviderRequest) -> ProviderRecord:
        return cast("ProviderRecord", self._act())

    async def find(self, request: ProviderRequest) -> ProviderRecord | None:
        return cast("ProviderRecord", self._act())


def providers_of(act: Callable[[], Any]) -> Providers:
    config = SimpleNamespace(provider=None, answer_within=Duration(5))
    ctx = SimpleNamespace(config=config, production=False, log=structlog.get_logger("providers"))
    return Providers(cast("Any", ctx), [[cast("Any", Provider(act))]])


def raises(error: BaseException) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


@pytest.mark.parametrize(
    "error",
    [
        RecursionError("deep"),
        KeyError("id"),
        AttributeError("status"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        OverflowError("large"),
        MemoryError(),
        TimeoutError(),
        OSError("reset"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_provider_raises_may_have_happened(error: Exception) -> None:
    providers = providers_of(raises(error))
    for ask in (providers.perform, providers.find):
        with pytest.raises(NoAnswer):
            await ask("sandbox", REQUEST)


@pytest.mark.parametrize("record", [None, {}, "done", 7])
async def test_what_is_no_record_is_no_answer(record: object) -> None:
    with pytest.raises(NoAnswer):
        await providers_of(lambda: record).perform("sandbox", REQUEST)


async def test_the_words_of_a_refusal_are_kept_as_far_as_a_store_takes_them() -> None:
    record = ProviderRecord(
        ProviderAction.CAPTURE, Outcome.DECLINED, "", PRICE, "bad\ud800", "x" * 100_000
    )
    with pytest.raises(MethodDeclined) as refused:
        await providers_of(lambda: record).perform("sandbox", REQUEST)
    assert len(refused.value.message.encode()) < 2_000


async def test_a_cancelled_call_stays_one() -> None:
    with pytest.raises(asyncio.CancelledError):
        await providers_of(raises(asyncio.CancelledError())).perform("sandbox", REQUEST)
