"""The mail of an academy, as the service that sends it has it: who gets which token."""

from dataclasses import dataclass

from user_bench import UserBench

from colonnade.errors import NotFound
from colonnade_user.api import (
    ConfirmationRequested,
    IssueConfirmation,
    IssuedConfirmation,
    Purpose,
)


@dataclass(frozen=True)
class Post:
    """Sends what was asked for, by asking for addresses and tokens when it does."""

    bench: UserBench
    tenant: str = "acme"

    async def requested(self) -> list[ConfirmationRequested]:
        """The mails that are to be sent, oldest first."""
        return await self.bench.published(ConfirmationRequested, tenant=self.tenant)

    async def send(self, request: ConfirmationRequested) -> IssuedConfirmation | None:
        """One mail, or nothing when there is nothing to send any more."""
        wanted = IssueConfirmation(confirmation_id=request.confirmation_id)
        try:
            issued = await self.bench.as_service(self.tenant, "notification", wanted)
        except NotFound:
            return None
        assert isinstance(issued, IssuedConfirmation)
        return issued

    async def last(self, purpose: Purpose) -> IssuedConfirmation:
        """The newest mail of a purpose, sent now."""
        found = [one for one in await self.requested() if one.purpose is purpose]
        issued = await self.send(found[-1])
        assert issued is not None
        return issued

    async def token(self, purpose: Purpose) -> str:
        """The token in the newest mail of a purpose."""
        token = (await self.last(purpose)).token
        assert token is not None
        return token
