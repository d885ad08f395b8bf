"""Operations on signing keys."""

from colonnade.idempotency import once_if_keyed
from colonnade.operations import Call, handles
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import GetSigningKeys, JsonWebKeySet, RotateSigningKey
from colonnade_user.tokens.signing_keys import published_keys, rotate_signing_keys


class SigningKeyHandlers:
    """Handlers of the operations on signing keys."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(GetSigningKeys)
    async def get_signing_keys(self, request: GetSigningKeys, call: Call) -> JsonWebKeySet:
        """Return the public keys."""
        return await self._ctx.store.read(published_keys)

    @handles(RotateSigningKey)
    async def rotate_signing_key(self, request: RotateSigningKey, call: Call) -> JsonWebKeySet:
        """Add a key and set an end to the others."""

        def work(session: Session) -> JsonWebKeySet:
            rotate_signing_keys(session)
            session.flush()
            return published_keys(session)

        return await self._ctx.store.run(once_if_keyed(call, request, work))
