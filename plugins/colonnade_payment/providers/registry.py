"""The enabled payment providers, asked within a deadline.

Nothing is guessed about an answer that did not come: it may have happened.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from colonnade.crash_points import crash_point, reach
from colonnade.decoding import storable
from colonnade.errors import ColonnadeError, ConfigurationError, Unavailable
from colonnade.sagas import RetryRule, SagaReason
from colonnade_payment.api import (
    MethodDeclined,
    NoAnswer,
    Outcome,
    PaymentProvider,
    ProviderRecord,
    ProviderRequest,
)
from colonnade_payment.config import PaymentContext

T = TypeVar("T")

SANDBOX = "sandbox"

PROVIDER_RETRY = RetryRule(attempts=900, first=0.5, cap=300.0)
"""Three days: for so long a provider that is not there is asked what became of a request, or to
undo or refund one, until an operator is needed."""

_SHIPPED = frozenset({"stripe"})
"""Providers of plugins that come with the platform, enabled or not."""

_LONGEST = 500
"""Characters of what a provider says that are kept."""

ANSWERED = crash_point("provider.answered", "a provider has answered; nothing of it is recorded")


class Providers:
    """The enabled providers, by name."""

    def __init__(self, ctx: PaymentContext, answers: Sequence[Sequence[PaymentProvider]]) -> None:
        self._ctx = ctx
        self._config = ctx.config
        self._by_name = _unique_names(answers)
        default = self._config.provider
        if default is None and ctx.production:
            raise ConfigurationError(
                "services.payment.config.provider: say who takes the money in production"
                f"{_choices(self._by_name)}."
            )
        self._default = default or SANDBOX
        if self._default not in self._by_name:
            raise ConfigurationError(
                f"services.payment.config.provider: no enabled plugin brings '{self._default}'"
                f"{_suggestion(self._default, self._by_name)}{_choices(self._by_name)}."
            )

    @property
    def by_name(self) -> Mapping[str, PaymentProvider]:
        """Name → provider."""
        return self._by_name

    def name_for_tenant(self) -> str:
        """Name the provider that takes the money of the tenant in context.

        Raises:
            Unavailable: the tenant names one that is not enabled.
        """
        name = self._ctx.tenant_config().provider or self._default
        self.named(name)
        return name

    def named(self, name: str) -> PaymentProvider:
        """Find the provider of this name.

        Raises:
            Unavailable: no enabled plugin brings it.
        """
        provider = self._by_name.get(name)
        if provider is None:
            raise Unavailable(f"The payment provider '{name}' is not enabled on this platform.")
        return provider

    async def perform(self, provider: str, request: ProviderRequest) -> ProviderRecord:
        """Ask a provider to act.

        Raises:
            MethodDeclined: it was refused, for good.
            NoAnswer: nobody knows whether it happened.
            Unavailable: it did not happen.
        """
        record: object = await self._within(self.named(provider).perform(request))
        if not isinstance(record, ProviderRecord):
            raise NoAnswer("What the payment provider answered cannot be read.")
        reach(ANSWERED)
        return require_success(record)

    async def find(self, provider: str, request: ProviderRequest) -> ProviderRecord | None:
        """Find out what became of a request; None when the provider never got it.

        Raises:
            NoAnswer, Unavailable: the provider cannot say now.
        """
        return await self._within(self.named(provider).find(request))

    async def _within(self, asking: Awaitable[T]) -> T:
        limit = asyncio.timeout(float(self._config.answer_within))
        try:
            async with limit:
                return await asking
        except ColonnadeError:
            raise
        except Exception as error:
            if limit.expired():
                raise NoAnswer(
                    f"The payment provider did not answer within {self._config.answer_within}."
                ) from None
            # Its answer may be one that nobody reads, after it did what it was asked.
            self._ctx.log.exception("payment provider failed")
            raise NoAnswer("What the payment provider answered cannot be read.") from error


def require_success(record: ProviderRecord) -> ProviderRecord:
    """Return a record of success.

    Raises:
        MethodDeclined: the provider refused; its message begins with the provider's code.
        NoAnswer: the provider has not decided.
    """
    if record.outcome is Outcome.DECLINED:
        reason, message = (storable(said)[:_LONGEST] for said in (record.reason, record.message))
        raise MethodDeclined(str(SagaReason(reason, message)), details={"reason": reason})
    if record.outcome is Outcome.PENDING:
        raise NoAnswer("The payment provider has not decided yet.")
    return record


def _unique_names(answers: Sequence[Sequence[PaymentProvider]]) -> dict[str, PaymentProvider]:
    found: dict[str, PaymentProvider] = {}
    for provider in (provider for answer in answers for provider in answer):
        if provider.name in found:
            raise ConfigurationError(
                f"Two enabled plugins bring a payment provider called '{provider.name}'."
            )
        found[provider.name] = provider
    return found


def _suggestion(name: str, providers: Iterable[str]) -> str:
    near = get_close_matches(name, {*providers, *_SHIPPED}, 1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _choices(providers: Iterable[str]) -> str:
    """List the providers to choose from; without any but the sandbox, how one is had."""
    real = sorted({*providers} - {SANDBOX})
    if real:
        return f": {', '.join(real)}"
    return "; enable a plugin that brings a provider, such as `plugins: [stripe]`"
