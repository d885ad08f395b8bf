"""Mailboxes: a name and an e-mail address as headers hold them (RFC 5322 §3.4)."""

import re
from dataclasses import dataclass

import idna

from colonnade_notification.wording.lines import is_one_line, one_line

_DOT_ATOM = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~\u0080-\U0010ffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\U0010ffff-]+)*"
)
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address (RFC 5322 §3.4). The domain is in ASCII; letters beyond ASCII before
    the @ need a server that speaks SMTPUTF8 (RFC 6531)."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The right half of the address."""
        return self.address.rpartition("@")[2]


def mailbox(email: str, name: str) -> Mailbox:
    """The mailbox of an address and a name, its domain in ASCII (RFC 5891).

    Raises:
        ValueError: when `email` is not an address that a header can hold.
    """
    local, _, domain = email.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    if _DOMAIN.fullmatch(domain) is None or not local or not is_one_line(local):
        raise ValueError("the address is not one that a header can hold")
    if _DOT_ATOM.fullmatch(local) is None:
        local = quoted_string(local)
    return Mailbox(one_line(name), f"{local}@{domain}")


def quoted_string(text: str) -> str:
    """Text in quotes (RFC 5322 §3.2.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
