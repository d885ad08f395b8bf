"""Host names as a declaration may write them."""

import re
from ipaddress import ip_address

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def host_name(text: str) -> str:
    """`text`, when it is a host name: lower case, no port, at most 253 characters (RFC 1123).

    Raises:
        ValueError: a sentence that says what a host name looks like.
    """
    if len(text) > 253 or not _HOST.fullmatch(text):
        advice = "in small letters, without scheme, port or path"
        raise ValueError(f"is not a host name such as academy.example, {advice}")
    return text


def is_loopback(host: str) -> bool:
    """True when the host is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
