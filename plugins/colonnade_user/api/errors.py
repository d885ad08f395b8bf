"""Errors of the user service, with stable codes."""

from colonnade.errors import ColonnadeError, Conflict, Forbidden, Unauthenticated, ValidationFailed


class EmailTaken(Conflict):
    """E-mail address of an existing account."""

    code = "user.email_taken"


class RegistrationClosed(Forbidden):
    """The academy takes no registrations; its admins add people."""

    code = "user.registration_closed"


class InvalidCredentials(Unauthenticated):
    """The e-mail address or the password is wrong; which one is not said."""

    code = "user.invalid_credentials"
    title = "Wrong e-mail address or password"


class AccountSuspended(Forbidden):
    """The password is right and the account is suspended."""

    code = "user.suspended"


class SessionOver(Unauthenticated):
    """The session has ended or expired, or its user may no longer use the academy."""

    code = "user.session_over"
    title = "The session is over; sign in again"


class WrongPassword(ValidationFailed):
    """The current password, given to prove who asks, is wrong."""

    code = "user.wrong_password"


class OwnerProtected(Forbidden):
    """Refusal to demote, suspend or delete an owner, which only that owner may do."""

    code = "user.owner_protected"


class LastOwner(Conflict):
    """Refusal to leave an academy without an active owner."""

    code = "user.last_owner"


class LinkOver(ColonnadeError):
    """The link of a mail works no more: it was used, is too old, or was never made here."""

    code = "user.link_over"
    status = 410
    title = "The link works no more"


class InvitationPending(Conflict):
    """Pending invitation to the same address."""

    code = "user.invitation_pending"


class ConfirmationRequired(Conflict):
    """Accounts are made here when the address is confirmed, not at once."""

    code = "user.confirmation_required"


class DeclaredInFile(Conflict):
    """Value that is changed in the academy's file, by whoever runs the platform."""

    code = "user.declared_in_file"
    title = "This is changed in the academy's file"
