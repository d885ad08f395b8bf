"""An answer that was lost on its way is asked for again, as long as somebody waits for it."""

from collections.abc import Callable

import pytest

from colonnade.backoff import Backoff
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.calls import repeated_questions
from colonnade_runtime.calls.repeated_questions import again


class Questions:
    """What comes of each try, one after the other; each takes a tenth of a second."""

    def __init__(self, *outcomes: bytes | Exception) -> None:
        self._outcomes = list(outcomes)
        self.asked = 0
        self.now = 0.0

    async def ask(self) -> bytes:
        self.now += 0.1
        self.asked += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def clock(self) -> float:
        return self.now


LOST = DeadlineExceeded("The connection was lost; it may have happened.")
NOBODY = Unavailable("Nobody is there.")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_questions, "BACKOFF", Backoff(first=0.001, cap=1.0))


async def test_the_first_answer_counts() -> None:
    questions = Questions(b"+yes")
    assert await again(questions.ask, 1.0, questions.clock, "question") == b"+yes"
    assert questions.asked == 1


async def test_a_lost_answer_is_asked_for_again_until_somebody_is_there() -> None:
    questions = Questions(LOST, NOBODY, NOBODY, b"+yes")
    assert await again(questions.ask, 1.0, questions.clock, "question") == b"+yes"


async def test_nobody_there_from_the_beginning_is_said_at_once() -> None:
    questions = Questions(NOBODY, b"+yes")
    with pytest.raises(Unavailable):
        await again(questions.ask, 1.0, questions.clock, "question")
    assert questions.asked == 1


@pytest.mark.parametrize("after", [lambda: LOST, lambda: NOBODY])
async def test_what_may_have_happened_stays_that_when_time_is_over(
    after: Callable[[], Exception],
) -> None:
    questions = Questions(LOST, *(after() for _ in range(20)))
    with pytest.raises(DeadlineExceeded):
        await again(questions.ask, 0.35, questions.clock, "question")
    assert questions.asked == 4
