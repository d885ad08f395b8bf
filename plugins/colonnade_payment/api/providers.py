"""The port to a provider of payments, and the hook's vocabulary.

Every call carries the saga step's idempotency key: the provider acts once per key and answers a
repetition as it did the first time. A call that gets no answer is never guessed about: `find`
says what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from colonnade.errors import DeadlineExceeded
from colonnade.money import Money


class ProviderAction(StrEnum):
    """Actions that a provider is asked for."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


class Outcome(StrEnum):
    """Outcomes of a request to a provider."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    PENDING = "pending"
    """The provider has the request and has not decided."""


class NoAnswer(DeadlineExceeded):
    """The provider did not answer: what was asked may have happened."""

    code = "payment.no_answer"
    title = "The payment provider did not answer"


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One thing asked of a provider.

    `key` is the idempotency key, at most 255 printable ASCII characters. `payment` is the id of
    our payment, for the provider's own records. `reference` is what the provider called that
    which is captured, voided (an authorisation) or refunded (a capture); empty when authorising.
    """

    action: ProviderAction
    key: str
    tenant: str
    payment: str
    amount: Money
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """Record that a provider keeps of a request. `reason` is its code for a refusal."""

    action: ProviderAction
    outcome: Outcome
    reference: str
    amount: Money
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProviderNotice:
    """Notice in a webhook: an event of the provider's, by its id, about a payment of ours.

    `payment` is our id, or empty when the provider does not say it: then `target`, what the
    provider calls the authorisation or the capture, finds the payment.
    """

    id: str
    occurred_at: datetime
    payment: str
    key: str
    record: ProviderRecord
    target: str = ""


class PaymentProvider(Protocol):
    """A provider of payments. One object serves every tenant and may be called in parallel."""

    @property
    def name(self) -> str:
        """Name in configuration and webhook URLs: lower-case letters, digits, hyphens."""
        ...

    async def perform(self, request: ProviderRequest) -> ProviderRecord:
        """Act once per key.

        A refusal is a record too, with `Outcome.DECLINED`.

        Raises:
            Unavailable: the provider cannot be reached; nothing happened.
            NoAnswer: it may have happened.
        """
        ...

    async def find(self, request: ProviderRequest) -> ProviderRecord | None:
        """Find out what became of a request; None when the provider never got it.

        Raises:
            Unavailable: the provider cannot be asked now.
            NoAnswer: it did not answer.
        """
        ...

    def notices(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Sequence[ProviderNotice]:
        """Read the notices in a webhook; header names are lower case.

        One that is of no interest has none.

        Raises:
            WebhookSignature: it is not from the provider, or too old.
            WebhookUnreadable: it is, and cannot be understood.
        """
        ...

    async def close(self) -> None:
        """Let go of what the provider holds; called once, when the process stops."""
        ...
