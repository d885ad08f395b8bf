"""Reasons of sagas: one record, kept as the text that every release wrote."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.errors import Conflict, InternalError
from colonnade.messages import Empty
from colonnade.sagas import RetryRule, SagaReason, StepCall


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "payment.declined: expired: It is old.",
            ("payment.declined", "expired: It is old."),
        ),
        ("ValueError: no: such thing", ("ValueError", "no: such thing")),
        ("It was canceled.", ("", "It was canceled.")),
        (
            "It was not done by 10:20:30 UTC.",
            ("", "It was not done by 10:20:30 UTC."),
        ),
        ("", ("", "")),
    ],
)
def test_rows_of_earlier_releases_are_read(text: str, reason: tuple[str, str]) -> None:
    parsed = SagaReason.parse(text)
    assert (parsed.code, parsed.sentence) == reason
    assert str(parsed) == text


@given(st.from_regex(r"[a-z_.]{1,30}", fullmatch=True), st.text())
def test_a_reason_survives_its_row(code: str, sentence: str) -> None:
    assert SagaReason.parse(str(SagaReason(code, sentence))) == SagaReason(code, sentence)


def test_a_reason_within_a_reason_is_read_in_turn() -> None:
    refused = Conflict(str(SagaReason("course.full", "No seat is left.")))
    inner = SagaReason.parse(SagaReason.of(refused).sentence)
    assert (inner.code, inner.sentence) == ("course.full", "No seat is left.")


def test_operators_read_the_words_that_are_for_them() -> None:
    error = InternalError("Something broke.", reason="The disk is full.")
    assert str(SagaReason.of(error)) == "internal: The disk is full."


def test_a_compensation_learns_why_the_saga_turned_back() -> None:
    call = StepCall(UUID(int=0), "tea", "pour", "k", 1, Empty(), reason="conflict: No tea.")
    assert call.turned_back == SagaReason("conflict", "No tea.")


def test_a_pause_is_the_same_in_every_process_and_another_for_each_saga() -> None:
    rule = RetryRule(first=10.0, cap=60.0)
    pauses = {rule.pause(2, f"saga {number}") for number in range(20)}
    assert rule.pause(2, "saga 1") in pauses
    assert len(pauses) == 20
    assert all(18.0 <= pause <= 20.0 for pause in pauses)
