"""The value of `Host`: a name, or an address in brackets, and perhaps a port."""

import re
from functools import lru_cache

from colonnade.errors import InvalidRequest
from colonnade_runtime.network.addresses import address_of

# RFC 9110 §7.2 takes RFC 3986 §3.2.2; of its reg-name what DNS and its private cousins use. A name
# of other letters is sent in its ASCII form (RFC 5890, `xn--…`), so no two spellings are one host.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rf"(?:(?P<name>{_LABEL}(?:\.{_LABEL})*)\.?|\[(?P<address>[0-9A-Fa-f:.]{{2,45}})\])"
    r"(?::(?P<port>[0-9]{0,5}))?\Z"
)
_LONGEST = 300
HIGHEST_PORT = 65535


@lru_cache(maxsize=4096)
def host_name(value: str) -> str:
    """The host of a `Host` header or a forwarded one: small letters, no port, no final dot.

    Raises:
        InvalidRequest: it is none: a port out of range, user information, letters that need
            their ASCII form, a broken address.
    """
    match = _HOST.match(value) if len(value) <= _LONGEST else None
    if match is None or int(match["port"] or 0) > HIGHEST_PORT:
        raise InvalidRequest("The Host header is no host name with an optional port.")
    if match["name"] is not None:
        return match["name"].lower()
    if address_of(match["address"]) is None:
        raise InvalidRequest("The Host header names an address that is none.")
    return f"[{match['address'].lower()}]"


def is_host(value: str) -> bool:
    """True when `value` could be a `Host`."""
    try:
        host_name(value)
    except InvalidRequest:
        return False
    return True
