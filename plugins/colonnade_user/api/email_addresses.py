"""E-mail addresses: the spelling that is kept and written to, and the form that is compared."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from colonnade.personal import Personal

MAXIMUM_EMAIL = 254
"""Characters an e-mail address may have (RFC 5321 §4.5.3.1.3, less the angle brackets)."""

_RESERVED_TOP_LEVEL = frozenset({"test", "local", "localhost"})
_STAND_IN = ".example"


def normalise_email(text: str) -> str:
    """The spelling under which an address is kept and written to: the one that was given.

    Only what every mail system reads alike is changed: Unicode is composed (RFC 6532 §3.1), and
    a domain in another form than its own letters (`xn--…`, full width) is written in them. The
    part before the @ is its server's to read (RFC 5321 §2.4), so its case stays.

    Names that the public internet cannot deliver to (`.test`, `.local`, `.localhost`) are taken
    too: an academy may live on a private network. Nothing is looked up.

    Raises:
        ValueError: a sentence that says what is wrong with the address.
    """
    from email_validator import EmailNotValidError, validate_email

    head, dot, label = text.rpartition(".")
    reserved = dot + label if label.casefold() in _RESERVED_TOP_LEVEL and "@" in head else ""
    candidate = head + _STAND_IN if reserved else text
    try:
        found = validate_email(candidate, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None
    if reserved:
        found = found.removesuffix(_STAND_IN) + reserved
    local, _, domain = found.rpartition("@")
    kept = _composed(f"{local}@{_as_given(domain, text)}")
    if len(kept) > MAXIMUM_EMAIL:
        raise ValueError(f"is longer than {MAXIMUM_EMAIL} characters")
    return kept


def fold_email(address: str) -> str:
    """The form in which addresses are compared, never written to: without upper case.

    Lower case, not case folding: that would turn `weiß` into `weiss` and `νίκος` into `νίκοσ`,
    which are other people's.
    """
    return _composed(_composed(address).lower())


def _as_given(domain: str, text: str) -> str:
    given = _composed(text).rpartition("@")[2]
    return given if given.lower() == domain.lower() else domain


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


EmailAddress = Annotated[
    str,
    Field(max_length=MAXIMUM_EMAIL),
    AfterValidator(normalise_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAXIMUM_EMAIL}),
    Personal(),
]
