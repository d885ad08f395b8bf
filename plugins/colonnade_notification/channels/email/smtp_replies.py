"""Replies of mail servers (RFC 5321 §4.2), and what follows for the message and the academy."""

import re
from dataclasses import dataclass

import aiosmtplib

from colonnade.secrets import SecretUnavailable
from colonnade_notification.api import DeliveryOutcome, Postponed, Refused

SERVER = "mail_server"
"""The kind of fault of a server that takes no mail."""

SENDER = "mail_sender"
"""The kind of fault of a server that refuses the sender of one academy."""

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_POLICY = re.compile(r"5\.7\.\d{1,3}(?!\d)")
"""Enhanced codes that say who may send, not that an address is wrong (RFC 3463 §3.8)."""

_UNAUTHENTICATED = (530, 534, 535, 538)
"""Sign in first, or otherwise (RFC 4954 §6)."""

_LATER = "What waits is sent by itself then."
_REACH = f"Start it, or correct services.notification.config.mail.url. {_LATER}"
_SIGN_IN = f"Correct username and password of services.notification.config.mail. {_LATER}"
_RELAY = f"Let the server carry mail from here, or name another in mail.url. {_LATER}"
_SEND_AS = (
    "Let the server send as this address, or declare another sender (mail.sender in platform.yaml, "
    f"sender in the tenant's file). {_LATER}"
)
_CARRY = (SERVER, _RELAY)
_CHANGE = (SERVER, f"Declare another way in services.notification.config.mail.url. {_LATER}")


@dataclass(frozen=True, slots=True)
class SmtpResult:
    """Result of handing over one mail. `fault` is the kind of what is broken, empty when the
    message alone was refused; `is_silent` says that the server did not answer. Administrators of
    the academy read the outcome's words; operators read `sentence` where it says more."""

    outcome: DeliveryOutcome
    fault: str = ""
    mend: str = ""
    is_silent: bool = False
    sentence: str = ""


def result_of(error: Exception, host: str, recipient: str) -> SmtpResult:
    """The result that follows from an error while a mail was handed over."""
    server = f"The mail server {host}"
    match error:
        case TimeoutError():
            late = Postponed(f"{server} did not answer in time.")
            return SmtpResult(late, SERVER, _REACH, is_silent=True)
        case aiosmtplib.SMTPRecipientsRefused():
            return _refused_recipient(error.recipients[0], server, recipient)
        case aiosmtplib.SMTPNotSupported():
            return _unsupported(error, server)
        case aiosmtplib.SMTPResponseException():
            return _answered(error, server)
        case SecretUnavailable():
            unread = Postponed(f"The password for {host} cannot be read.")
            return SmtpResult(unread, SERVER, _SIGN_IN, sentence=error.message)
        case OSError() | aiosmtplib.SMTPException():
            unreached = Postponed(f"{server} cannot be reached.")
            sentence = f"{server} cannot be reached: {error}."
            return SmtpResult(unreached, SERVER, _REACH, sentence=sentence)
    return SmtpResult(Postponed(f"What the mail server {host} said cannot be read."), *_CHANGE)


def _refused_recipient(
    refusal: aiosmtplib.SMTPResponseException, server: str, recipient: str
) -> SmtpResult:
    answered = f"The mail server answered {_said(refusal)}."
    if refusal.code in _UNAUTHENTICATED or _POLICY.match(str(refusal.message)):
        return SmtpResult(Postponed(f"{server} refused to carry mail: {_said(refusal)}."), *_CARRY)
    if refusal.code >= 500:
        return SmtpResult(Refused(answered, bounced_address=recipient))
    return SmtpResult(Postponed(answered))


def _unsupported(error: aiosmtplib.SMTPNotSupported, server: str) -> SmtpResult:
    if "SMTPUTF8" in str(error):
        return SmtpResult(
            Refused(
                f"{server} takes no addresses with letters beyond ASCII before the @ "
                "(it does not speak SMTPUTF8)."
            )
        )
    return SmtpResult(Postponed(f"{server} cannot do what is declared: {error}."), *_CHANGE)


def _answered(error: aiosmtplib.SMTPResponseException, server: str) -> SmtpResult:
    said = _said(error)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) or error.code in _UNAUTHENTICATED:
        return SmtpResult(Postponed(f"{server} refused to sign us in: {said}."), SERVER, _SIGN_IN)
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        postponed = Postponed(f"{server} refused the sender: {said}.")
        return (
            SmtpResult(postponed, SENDER, _SEND_AS) if error.code >= 500 else SmtpResult(postponed)
        )
    answered = f"{server} answered {said}."
    if isinstance(error, aiosmtplib.SMTPDataError):
        return SmtpResult(Refused(answered) if error.code >= 500 else Postponed(answered))
    # A greeting, a hello or a STARTTLS that it refuses is nothing that a message has done.
    return SmtpResult(Postponed(answered), *_CARRY)


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in str(error.message))
    # Servers repeat the address, and what they say is logged.
    text = _ADDRESS.sub("<address>", text)
    return f"{error.code} {' '.join(text.split())[:300].rstrip('.')}"
