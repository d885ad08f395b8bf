"""The packed context header: comes back whole, and cannot be made or changed by others."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.context import (
    MAXIMUM_HEADER,
    Context,
    ContextSigner,
    Principal,
    PrincipalKind,
)
from colonnade.errors import Unauthenticated

KEY = b"k" * 32
TEXT = st.text(max_size=20)
PRINCIPALS = st.builds(
    Principal,
    st.sampled_from(PrincipalKind),
    TEXT,
    st.tuples(TEXT, TEXT) | st.just(()),
    st.just(()) | st.tuples(st.tuples(TEXT, TEXT)),
    TEXT | st.none(),
    TEXT | st.none(),
)
CONTEXTS = st.builds(
    Context, TEXT, PRINCIPALS, st.floats(0, 2**40, allow_nan=False), TEXT, TEXT, TEXT
)
CONTEXT = Context("acme", Principal.service("course"), time.time() + 60, "request-1")


@given(CONTEXTS)
def test_a_context_comes_back_as_it_was(context: Context) -> None:
    header = ContextSigner(KEY).sign(context)
    assert ContextSigner(KEY).verify(header, context.deadline) == context


@given(st.data())
def test_a_changed_header_is_refused(data: st.DataObject) -> None:
    header = ContextSigner(KEY).sign(CONTEXT)
    place = data.draw(st.integers(0, len(header) - 1))
    character = data.draw(st.characters().filter(lambda c: c != header[place]))
    changed = header[:place] + character + header[place + 1 :]
    try:
        found = ContextSigner(KEY).verify(changed, time.time())
    except Unauthenticated:
        return
    # The last character of base64 carries bits that say nothing.
    assert found == CONTEXT


def test_a_header_signed_with_another_key_is_refused() -> None:
    header = ContextSigner(b"o" * 32).sign(CONTEXT)
    with pytest.raises(Unauthenticated):
        ContextSigner(KEY).verify(header, time.time())


def test_a_header_is_refused_a_minute_after_its_deadline_though_it_was_seen_before() -> None:
    signer = ContextSigner(KEY, lifetime=60)
    header = signer.sign(CONTEXT)
    assert signer.verify(header, CONTEXT.deadline + 59) == CONTEXT
    with pytest.raises(Unauthenticated):
        signer.verify(header, CONTEXT.deadline + 61)


@pytest.mark.parametrize(
    "header", ["", "v1", "v1..", "v2.a.b", "v1.é.b", "v1.a+b/.aaaa", "x" * (MAXIMUM_HEADER + 1)]
)
def test_what_is_no_header_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        ContextSigner(KEY).verify(header, time.time())


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ContextSigner(b"short")
