"""Verification of the caller's current password, counted per session."""

from uuid import UUID

from colonnade.errors import FieldError
from colonnade.operations import Call
from colonnade.services import ServiceContext
from colonnade_user.api import WrongPassword
from colonnade_user.passwords.credentials import Credential, credential_of
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.throttling.attempt_counters import password_change_counters
from colonnade_user.throttling.throttle import Throttle


class CurrentPassword:
    """Verifier of the password with which a signed-in caller proves who they are."""

    def __init__(self, ctx: ServiceContext, hasher: PasswordHasher, throttle: Throttle) -> None:
        self._ctx = ctx
        self._hasher = hasher
        self._throttle = throttle

    async def verify(self, call: Call, user_id: UUID, password: str, pointer: str) -> Credential:
        """Verify the password of an account and return the credential it matches.

        Raises:
            WrongPassword: at `pointer`, the field that holds the password.
            TooManyRequests: the session has tried too many wrong ones.
        """
        credential = await self._ctx.store.read(lambda session: credential_of(session, user_id))
        session_id = call.context.principal.session_id
        counters = password_change_counters(self._throttle.config, session_id)
        with self._throttle.attempt(await self._throttle.read(counters)):
            stored = credential.password_hash if credential else None
            valid, _ = await self._hasher.verify(password, stored)
            if credential is None or not valid:
                await self._throttle.count(counters)
                wrong = FieldError(pointer, "is not your password", "wrong_password")
                raise WrongPassword(fields=[wrong])
        return credential
