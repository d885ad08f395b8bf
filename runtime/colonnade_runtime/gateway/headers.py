"""Headers on their way through: what belongs to one connection stays behind."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from multidict import CIMultiDict
from yarl import URL

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.edge.forwarded.origin import NAMES
from colonnade_runtime.edge.http.caller_header import CALLER

# RFC 9110 §7.6.1: these are between two neighbours, not between the ends.
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
     b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}
)  # fmt: skip
REQUEST_ID = b"x-request-id"
_NOT_PASSED = _HOP_BY_HOP | {REQUEST_ID, CALLER}

Pairs = Iterable[tuple[bytes, bytes]]


def url_of(place: Placement, scope: Mapping[str, Any]) -> URL:
    """The address of what a client asks for, at `place`."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    return URL(place.url + (path + query).decode("ascii", "replace"), encoded=True)


def to_upstream(scope: Mapping[str, Any], request_id: str, forwarded: str) -> CIMultiDict[str]:
    """The request's headers, with its id and for whom it is sent.

    What was forwarded to here stays here: the process behind hears one word of it, `forwarded`.
    """
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in _kept(scope["headers"]):
        if name not in NAMES:
            headers.add(name.decode("latin-1"), _text(value))
    headers["x-request-id"] = request_id
    headers["forwarded"] = forwarded
    return headers


def to_client(raw: Pairs) -> list[tuple[bytes, bytes]]:
    """The answer's headers; the request's id is added where everything is sent."""
    return list(_kept(raw))


def _kept(raw: Pairs) -> list[tuple[bytes, bytes]]:
    pairs = [(name.lower(), value) for name, value in raw]
    dropped: Set[bytes] = _NOT_PASSED
    named = [value for name, value in pairs if name == b"connection"]
    if named:
        # RFC 9110 §7.6.1: whatever `Connection` names is between two neighbours too.
        dropped = dropped | {each.strip() for each in b",".join(named).lower().split(b",")}
    return [pair for pair in pairs if pair[0] not in dropped]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
