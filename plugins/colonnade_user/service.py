"""What the user service is made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_user.accounts.provisioning import provision
from colonnade_user.config import UserContext
from colonnade_user.handlers.accounts import AccountHandlers
from colonnade_user.handlers.authentication import AuthenticationHandlers
from colonnade_user.handlers.confirmations import ConfirmationHandlers
from colonnade_user.handlers.email_addresses import EmailAddressHandlers
from colonnade_user.handlers.invitations import InvitationHandlers
from colonnade_user.handlers.owner_password import OwnerPasswordHandlers
from colonnade_user.handlers.password_reset import PasswordResetHandlers
from colonnade_user.handlers.profiles import ProfileHandlers
from colonnade_user.handlers.registration import RegistrationHandlers
from colonnade_user.handlers.sessions import SessionHandlers
from colonnade_user.passwords.hashing import Passwords
from colonnade_user.pruning import Pruning
from colonnade_user.reactions import KnownCourses
from colonnade_user.throttling.throttle import Throttle

__all__ = ["create_service", "provision"]


@asynccontextmanager
async def create_service(ctx: UserContext) -> AsyncIterator[Sequence[object]]:
    """The handlers of one process; they share the queue of passwords waiting for a worker."""
    passwords = Passwords(ctx)
    throttle = Throttle(ctx)
    yield [
        AuthenticationHandlers(ctx, passwords, throttle),
        AccountHandlers(ctx),
        ProfileHandlers(ctx),
        SessionHandlers(ctx),
        ConfirmationHandlers(ctx),
        PasswordResetHandlers(ctx, passwords, throttle),
        EmailAddressHandlers(ctx, passwords, throttle),
        RegistrationHandlers(ctx, passwords, throttle),
        InvitationHandlers(ctx, passwords),
        OwnerPasswordHandlers(ctx, passwords),
        Pruning(ctx),
        KnownCourses(),
    ]
