"""The packed context header: comes back whole, and cannot be made or changed by others."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.call_seal import CLOCKS_DIFFER_SECONDS, SealMaker, SealReader
from colonnade.context import (
    MAXIMUM_HEADER,
    Context,
    ContextSigner,
    Principal,
    PrincipalKind,
)
from colonnade.errors import ColonnadeError, Unauthenticated, Unavailable

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
CONTEXT = Context("acme", Principal.service("course"), time.time() + 86400, "request-1")


SUBJECT = "ask.course.v1.Enrol"
PAYLOAD = b'{"course_id": "1"}'


def signed(context: Context = CONTEXT, key: bytes = KEY) -> str:
    """The header of one call."""
    return ContextSigner(key).sign(context, SUBJECT, PAYLOAD, context.deadline)


@given(CONTEXTS)
def test_a_context_comes_back_as_it_was(context: Context) -> None:
    opened = ContextSigner(KEY).verify(signed(context), SUBJECT, PAYLOAD, context.deadline)
    assert opened == context


@given(st.data())
def test_a_changed_header_is_refused(data: st.DataObject) -> None:
    header = signed()
    place = data.draw(st.integers(0, len(header) - 1))
    character = data.draw(st.characters().filter(lambda c: c != header[place]))
    changed = header[:place] + character + header[place + 1 :]
    try:
        found = ContextSigner(KEY).verify(changed, SUBJECT, PAYLOAD, time.time())
    except ColonnadeError:
        return
    # The last character of base64 carries bits that say nothing.
    assert found == CONTEXT


def test_a_header_signed_with_another_key_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        ContextSigner(KEY).verify(signed(key=b"o" * 32), SUBJECT, PAYLOAD, time.time())


def test_a_header_is_refused_a_minute_after_its_deadline_though_it_was_seen_before() -> None:
    signer = ContextSigner(KEY, lifetime=60)
    late = CONTEXT.deadline + 120

    def header() -> str:
        return signer.sign(CONTEXT, SUBJECT, PAYLOAD, late)

    assert signer.verify(header(), SUBJECT, PAYLOAD, CONTEXT.deadline + 59) == CONTEXT
    with pytest.raises(Unauthenticated, match="expired"):
        signer.verify(header(), SUBJECT, PAYLOAD, CONTEXT.deadline + 61)


@pytest.mark.parametrize(
    "header",
    ["", "v1", "v2", "v2.", "v2..", "v2.a.b", "v2.é.b", "v3.a.b", "x" * (MAXIMUM_HEADER + 1)],
)
def test_what_is_no_header_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        ContextSigner(KEY).verify(header, SUBJECT, PAYLOAD, time.time())


def test_a_context_of_the_release_before_is_unavailable_so_that_it_is_tried_again() -> None:
    with pytest.raises(Unavailable, match="one release"):
        ContextSigner(KEY).verify("v1.aaaa.bbbb", SUBJECT, PAYLOAD, time.time())


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ContextSigner(b"short")


@given(st.text(max_size=40), st.binary(max_size=200))
def test_a_context_is_good_for_its_own_operation_and_payload_alone(
    subject: str, payload: bytes
) -> None:
    try:
        ContextSigner(KEY).verify(signed(), subject, payload, time.time())
    except Unauthenticated:
        assert (subject, payload) != (SUBJECT, PAYLOAD)
    else:
        assert (subject, payload) == (SUBJECT, PAYLOAD)


@given(st.integers(1, len(PAYLOAD)))
def test_bytes_of_the_payload_do_not_pass_for_the_subject(moved: int) -> None:
    subject = SUBJECT + PAYLOAD[:moved].decode()
    with pytest.raises(Unauthenticated):
        ContextSigner(KEY).verify(signed(), subject, PAYLOAD[moved:], time.time())


def test_the_seal_of_one_context_fits_no_other() -> None:
    mighty = Context("acme", Principal.service("payment"), time.time() + 86400, "request-2")
    signer = ContextSigner(KEY)
    version, body, _ = signer.sign(mighty, SUBJECT, PAYLOAD, mighty.deadline).split(".")
    seal = signer.sign(CONTEXT, SUBJECT, PAYLOAD, CONTEXT.deadline).split(".")[2]
    with pytest.raises(Unauthenticated):
        signer.verify(f"{version}.{body}.{seal}", SUBJECT, PAYLOAD, time.time())


def test_a_context_is_good_for_one_time() -> None:
    signer, header = ContextSigner(KEY), signed()
    assert signer.verify(header, SUBJECT, PAYLOAD, time.time()) == CONTEXT
    with pytest.raises(Unauthenticated, match="came before"):
        signer.verify(header, SUBJECT, PAYLOAD, time.time())
    # The same question in the same request, asked a second time by whoever may.
    assert signer.verify(signed(), SUBJECT, PAYLOAD, time.time()) == CONTEXT


def test_two_processes_number_their_calls_apart() -> None:
    now = time.time()
    makers = [SealMaker() for _ in range(3)]
    seals = {each.seal(KEY, SUBJECT, PAYLOAD, now + 5) for each in makers for _ in range(50)}
    assert len(seals) == 150
    reader = SealReader()
    for seal in seals:
        reader.open(seal, KEY, SUBJECT, PAYLOAD, now)


@given(st.floats(0, 30), st.floats(0, 120))
def test_no_seal_opens_twice_whenever_it_comes_back(first: float, later: float) -> None:
    began = 1_800_000_000.0
    seal = SealMaker().seal(KEY, SUBJECT, PAYLOAD, began + 5)
    # Others go on meanwhile, so that what is over is forgotten.
    reader, others, opened = SealReader(), SealMaker(), 0
    for moment in (began + first, began + first + later):
        reader.open(others.seal(KEY, SUBJECT, b"", moment + 5), KEY, SUBJECT, b"", moment)
        try:
            reader.open(seal, KEY, SUBJECT, PAYLOAD, moment)
        except Unauthenticated:
            continue
        opened += 1
        assert moment <= began + 5 + CLOCKS_DIFFER_SECONDS
    assert opened <= 1


def test_calls_are_remembered_within_a_bound_and_forgotten_when_they_are_over() -> None:
    maker, reader, now = SealMaker(), SealReader(remembered=10), 1_800_000_000.0

    def open_one(moment: float) -> None:
        reader.open(maker.seal(KEY, SUBJECT, b"", moment + 5), KEY, SUBJECT, b"", moment)

    for _ in range(10):
        open_one(now)
    with pytest.raises(Unavailable):
        open_one(now)
    open_one(now + 6 + CLOCKS_DIFFER_SECONDS)
