"""Authorisations that came too late: the saga that voids them."""

from uuid import UUID

from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import Saga, Step, StepCall, StepOutcome
from colonnade_payment.api import MethodDeclined, ProviderAction, ProviderRequest
from colonnade_payment.providers.registry import PROVIDER_RETRY, Providers
from colonnade_payment.settlement import payments as settlement


class VoidState(Message):
    """Authorisation of a purchase that was given up."""

    payment_id: UUID
    provider: str
    tenant: str
    authorization: str
    amount: Money


VOID = Saga(
    name="void-late-authorization",
    state=VoidState,
    steps=(Step("void", "void_late", idempotent=True, pivot=True, retry=PROVIDER_RETRY),),
)
"""Voids money that was set aside too late."""


class LateAuthorizationSteps:
    """The step of `VOID`."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    async def void_late(self, call: StepCall) -> StepOutcome:
        """Void the authorisation.

        A provider that refuses for good has let it run out, or has captured it after all: it is
        asked which.
        """
        state = call.state_as(VoidState)
        asked = ProviderRequest(
            action=ProviderAction.VOID,
            key=call.idempotency_key,
            tenant=state.tenant,
            payment=str(state.payment_id),
            amount=state.amount,
            reference=state.authorization,
        )
        try:
            await self._providers.perform(state.provider, asked)
        except MethodDeclined:
            return StepOutcome(work=lambda session: settlement.watch(session, state.payment_id))
        return StepOutcome()
