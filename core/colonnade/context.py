"""Context of a call: principal, tenant, deadline, request and trace.

The context is never an argument. It is current while an operation, a reaction or a saga step
runs, travels packed in one header with every message, and is signed for a short time by the
process that authenticated the caller, so that reaching a subject is not enough to be somebody.
"""

import base64
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import msgspec

from colonnade.call_seal import SealMaker, SealReader
from colonnade.errors import DeadlineExceeded, InternalError, Unauthenticated, Unavailable
from colonnade.keyed_hash import KeyedHash


class PrincipalKind(StrEnum):
    """Type of a principal."""

    USER = "user"
    ANONYMOUS = "anonymous"
    SERVICE = "service"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class Principal:
    """Principal: the person, service or operator who acts.

    `attributes` are pairs that policies may read; a plugin adds some with the
    `policy_attributes` hook. `on_behalf_of` names, for the audit, whose wish a service carries
    out; it grants nothing.
    """

    kind: PrincipalKind
    id: str
    roles: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    session_id: str | None = None
    on_behalf_of: str | None = None

    @classmethod
    def anonymous(cls) -> "Principal":
        """Make the principal of a caller without credentials."""
        return _ANONYMOUS

    @classmethod
    def service(cls, name: str, *, on_behalf_of: str | None = None) -> "Principal":
        """A service acting for itself: `service:payment`."""
        return cls(PrincipalKind.SERVICE, f"service:{name}", (), on_behalf_of=on_behalf_of)


_ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "anonymous")


@dataclass(frozen=True, slots=True)
class Context:
    """Context of one call, the same wherever the call is handled.

    `deadline` is in seconds since the Unix epoch; `traceparent` is W3C Trace Context;
    `locale` is a BCP 47 tag. `client` is the network address of who asked at the edge, without a
    port; it is empty for what the platform does by itself.
    """

    tenant: str
    principal: Principal
    deadline: float
    request_id: str
    traceparent: str = ""
    locale: str = "en"
    client: str = ""

    def remaining(self, now: float) -> float:
        """Seconds left at `now` (epoch seconds).

        Raises:
            DeadlineExceeded: when nothing is left.
        """
        left = self.deadline - now
        if left <= 0:
            raise DeadlineExceeded("The time for this call was used up before it got here.")
        return left

    def acting_as(self, principal: Principal) -> "Context":
        """The same call, carried on by another principal."""
        return replace(self, principal=principal)


_current: ContextVar[Context | None] = ContextVar("colonnade_context", default=None)


def current_context() -> Context:
    """The context of the call being handled.

    Raises:
        InternalError: when no call is being handled; no tenant in context means refused.
    """
    context = _current.get()
    if context is None:
        raise InternalError(
            "No tenant in context: this code ran outside an operation, a reaction or a saga step."
        )
    return context


def context_or_none() -> Context | None:
    """The context of the call being handled, or nothing outside a call (for log lines)."""
    return _current.get()


@contextmanager
def use_context(context: Context) -> Iterator[Context]:
    """Make `context` current for the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


class _Packed(msgspec.Struct, array_like=True):
    tenant: str
    kind: str
    principal: str
    roles: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    session_id: str | None
    on_behalf_of: str | None
    deadline: float
    request_id: str
    traceparent: str
    locale: str
    expires_at: float
    client: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)

_VERSION = "v2"
_MAC_BYTES = 32

MAXIMUM_HEADER = 4096
"""Characters a packed context may have; a longer one is refused unread."""


class ContextSigner:
    """Packs a context into one header and back, for one call each.

    The form is `v2.<body>.<seal>`, both base64url without padding. The body is msgpack of the
    fields with HMAC-SHA256 over it: who calls, the same for all calls of one request, so both
    sides keep what they worked out. The seal (`call_seal`) binds it to one subject, one payload
    and one time. The body holds for `lifetime` seconds beyond the context's deadline.
    """

    def __init__(self, key: bytes, *, lifetime: float = 60.0) -> None:
        if len(key) < 32:
            raise ValueError("A context key has at least 32 bytes.")
        self._code = KeyedHash(key)
        self._lifetime = lifetime
        self._seals = SealMaker()
        self._opened = SealReader()
        self._pack = lru_cache(maxsize=4096)(self._pack_uncached)
        self._unpack = lru_cache(maxsize=4096)(self._unpack_uncached)

    def sign(self, context: Context, subject: str, payload: bytes, until: float) -> str:
        """The header of one call on `subject`, which holds until `until` (epoch seconds)."""
        body, key = self._pack(context)
        return f"{_VERSION}.{body}.{_to_text(self._seals.seal(key, subject, payload, until))}"

    def verify(self, header: str, subject: str, payload: bytes, now: float) -> Context:
        """The context in the header of a call; the same header is good for no second one.

        Raises:
            Unauthenticated: when it is not signed with this key, is too old, is malformed, or is
                of another call.
            Unavailable: when the caller runs an earlier release, or nothing more can be
                remembered.
        """
        if len(header) > MAXIMUM_HEADER:
            raise Unauthenticated("The context header is longer than any that is made here.")
        body, seal = _parts(header)
        context, expires_at, key = self._unpack(body)
        if now > expires_at:
            raise Unauthenticated("The context header has expired.")
        self._opened.open(seal, key, subject, payload, now)
        return context

    def _seal_key(self, mac: bytes) -> bytes:
        # Not the code itself, which travels beside the body.
        return self._code.digest(b"seal" + mac)

    def _pack_uncached(self, context: Context) -> tuple[str, bytes]:
        who = context.principal
        packed = _Packed(
            context.tenant,
            str(who.kind),
            who.id,
            who.roles,
            who.attributes,
            who.session_id,
            who.on_behalf_of,
            context.deadline,
            context.request_id,
            context.traceparent,
            context.locale,
            context.deadline + self._lifetime,
            context.client,
        )
        payload = _encoder.encode(packed)
        mac = self._code.digest(payload)
        return _to_text(mac + payload), self._seal_key(mac)

    def _unpack_uncached(self, body: str) -> tuple[Context, float, bytes]:
        signed = _bytes(body)
        mac, payload = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._code.digest(payload)):
            raise Unauthenticated("The context header was not signed by this platform.")
        packed = _decoder.decode(payload)
        principal = Principal(
            PrincipalKind(packed.kind),
            packed.principal,
            packed.roles,
            packed.attributes,
            packed.session_id,
            packed.on_behalf_of,
        )
        context = Context(
            packed.tenant,
            principal,
            packed.deadline,
            packed.request_id,
            packed.traceparent,
            packed.locale,
            packed.client,
        )
        return context, packed.expires_at, self._seal_key(mac)


def _parts(header: str) -> tuple[str, bytes]:
    """The body and the seal of a header."""
    version, *parts = header.split(".")
    if version == "v1" and len(parts) == 2:
        raise Unavailable(
            "The process that asks runs an earlier release, whose contexts are good for any call: "
            "bring all processes to one release."
        )
    if version != _VERSION or len(parts) != 2:
        raise Unauthenticated("The context header is not of a form that is known here.")
    return parts[0], _bytes(parts[1])


def _bytes(text: str) -> bytes:
    try:
        return _from_text(text)
    except ValueError:
        raise Unauthenticated("The context header is not base64url.") from None


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
