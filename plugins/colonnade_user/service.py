"""Assembly of the user service: its handlers and reactions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_user.config import UserContext
from colonnade_user.handlers.academy import AcademyHandlers
from colonnade_user.handlers.accounts import AccountHandlers
from colonnade_user.handlers.authentication import AuthenticationHandlers
from colonnade_user.handlers.confirmations import ConfirmationHandlers
from colonnade_user.handlers.email_addresses import EmailAddressHandlers
from colonnade_user.handlers.invitations import InvitationHandlers
from colonnade_user.handlers.owner_password import OwnerPasswordHandlers
from colonnade_user.handlers.password_reset import PasswordResetHandlers
from colonnade_user.handlers.passwords import PasswordHandlers
from colonnade_user.handlers.profiles import ProfileHandlers
from colonnade_user.handlers.registration import RegistrationHandlers
from colonnade_user.handlers.sessions import SessionHandlers
from colonnade_user.handlers.signing_keys import SigningKeyHandlers
from colonnade_user.passwords.hashing import PasswordHasher
from colonnade_user.passwords.verification import CurrentPassword
from colonnade_user.pruning import Pruning
from colonnade_user.reactions import CourseReactions
from colonnade_user.throttling.throttle import Throttle


@asynccontextmanager
async def create_service(ctx: UserContext) -> AsyncIterator[Sequence[object]]:
    """Create the handlers of one process; they share one queue of passwords to hash."""
    hasher = PasswordHasher(ctx)
    throttle = Throttle(ctx)
    current_password = CurrentPassword(ctx, hasher, throttle)
    yield [
        AcademyHandlers(ctx),
        AuthenticationHandlers(ctx, hasher, throttle),
        PasswordHandlers(ctx, hasher, current_password),
        SigningKeyHandlers(ctx),
        AccountHandlers(ctx),
        ProfileHandlers(ctx),
        SessionHandlers(ctx),
        ConfirmationHandlers(ctx),
        PasswordResetHandlers(ctx, hasher, throttle),
        EmailAddressHandlers(ctx, current_password, throttle),
        RegistrationHandlers(ctx, hasher, throttle),
        InvitationHandlers(ctx, hasher),
        OwnerPasswordHandlers(ctx, hasher),
        Pruning(ctx),
        CourseReactions(),
    ]
