"""Failures on log lines: class and sentence always, the trace once."""

import asyncio
from typing import Any

import pytest

from colonnade.errors import Unavailable
from colonnade_runtime.observability.failures import (
    TRACE_SECONDS,
    ExplainedFailures,
    failure_in_words,
)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as found:
        return found


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ValueError("two\nlines"), "ValueError: two lines"),
        (TimeoutError(), "TimeoutError: it took longer than it may"),
        (Unavailable("The bus is away."), "Unavailable: The bus is away."),
        (KeyError(), "KeyError: there is no such key"),
        (RuntimeError(), "RuntimeError: it does not say why"),
        (Unspeakable(), "Unspeakable: it cannot say why"),
    ],
)
def test_a_failure_always_has_a_sentence(failure: BaseException, words: str) -> None:
    assert failure_in_words(failure) == words


async def test_an_overrun_says_what_it_is() -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    event = ExplainedFailures()(None, "error", {"event": "schedule failed", "error": caught.value})
    assert event["error"] == "TimeoutError: it took longer than it may"
    assert event["exc_info"] is caught.value


def lines(process: ExplainedFailures, times: int, **event: Any) -> list[Any]:
    return [process(None, "error", dict(event)).get("exc_info") for _ in range(times)]


def test_the_trace_comes_once_and_the_sentence_each_time() -> None:
    process = ExplainedFailures()
    failure = raised(ValueError("it broke"))
    first, *others = lines(process, 5, event="loop failed", error=failure)
    assert first is failure
    assert others == [None] * 4
    assert process(None, "error", {"event": "loop failed", "error": failure})["error"]


def test_another_failure_another_place_and_another_line_have_traces_of_their_own() -> None:
    process = ExplainedFailures()
    here = raised(ValueError("it broke"))
    for event, failure in (
        ("loop failed", here),
        ("loop failed", _elsewhere()),
        ("loop failed", raised(KeyError("it broke"))),
        ("another", here),
    ):
        assert lines(process, 2, event=event, error=failure) == [failure, None]


def _elsewhere() -> BaseException:
    try:
        raise ValueError("it broke")
    except ValueError as found:
        return found


def test_a_trace_is_shown_again_after_a_while() -> None:
    seconds = [0.0]
    process = ExplainedFailures(timer=lambda: seconds[0])
    failure = raised(ValueError("it broke"))
    assert lines(process, 2, event="failed", exc_info=failure) == [failure, None]
    seconds[0] = TRACE_SECONDS
    assert lines(process, 1, event="failed", exc_info=failure) == [failure]


def test_every_way_to_hand_over_a_failure_is_the_same() -> None:
    process = ExplainedFailures()
    try:
        raise ValueError("it broke")
    except ValueError as error:
        for given in (True, error, (ValueError, error, error.__traceback__)):
            event = process(None, "error", {"event": str(given), "exc_info": given})
            assert event["error"] == "ValueError: it broke"
            assert event["exc_info"] is error
    assert process(None, "info", {"event": "x", "exc_info": None}) == {"event": "x"}
    assert process(None, "info", {"event": "x", "error": "words"})["error"] == "words"


def test_words_with_half_a_character_can_be_written() -> None:
    assert failure_in_words(ValueError("half: \ud800")) == "ValueError: half: \\ud800"
