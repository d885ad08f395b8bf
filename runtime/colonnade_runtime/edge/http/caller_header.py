"""Header by which a process names its caller to the gateway, for the access log there."""

from functools import lru_cache
from urllib.parse import quote, unquote

from colonnade.context import Context
from colonnade_runtime.observability.logs import principal_in_words

CALLER = b"colonnade-caller"
"""The header of an answer between two processes; no client sees it."""

LONGEST = 512


def caller_header(context: Context) -> tuple[bytes, bytes]:
    """The header that names academy and principal."""
    return CALLER, _quoted(context.tenant, principal_in_words(context.principal))


@lru_cache(maxsize=4096)
def _quoted(*words: str) -> bytes:
    return " ".join(quote(word, safe=":") for word in words).encode()


def read_caller(value: str | None) -> tuple[str, str] | None:
    """Academy and principal of an answer; nothing when it names none."""
    if value is None or len(value) > LONGEST:
        return None
    tenant, _, principal = value.partition(" ")
    return (unquote(tenant), unquote(principal)) if principal else None
