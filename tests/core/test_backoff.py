"""Back-off: waits that double up to a cap, spread by chance or by the row they belong to."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from colonnade.backoff import Backoff

BACKOFFS = st.builds(
    Backoff, first=st.floats(0.001, 10.0), cap=st.floats(10.0, 1e5), jitter=st.floats(0.0, 1.0)
)
ATTEMPTS = st.integers(1, 10_000)


@given(BACKOFFS, ATTEMPTS, st.integers())
def test_a_wait_is_the_doubled_one_less_its_jitter(
    backoff: Backoff, attempt: int, seed: int
) -> None:
    """However many attempts there were."""
    whole = Backoff(backoff.first, backoff.cap, jitter=0.0).after(attempt, Random(0))
    wait = backoff.after(attempt, Random(seed))
    assert whole * (1.0 - backoff.jitter) <= wait <= whole <= backoff.cap


def test_a_wait_without_jitter_doubles_up_to_the_cap() -> None:
    backoff = Backoff(1.0, 5.0, jitter=0.0)
    assert [backoff.after(attempt, Random(0)) for attempt in (1, 2, 3, 4, 100)] == [1, 2, 4, 5, 5]


@given(BACKOFFS, ATTEMPTS, st.text())
def test_the_wait_of_a_row_is_the_same_in_every_process(
    backoff: Backoff, attempt: int, key: str
) -> None:
    """Hash randomisation does not reach it."""
    assert backoff.durable(attempt, key) == backoff.durable(attempt, key)


def test_rows_that_failed_together_do_not_come_back_together() -> None:
    backoff = Backoff(60.0, 60.0, jitter=0.1)
    waits = {backoff.durable(3, f"row {number}") for number in range(100)}
    assert len(waits) == 100
    assert max(waits) - min(waits) > 4.0


def test_the_wait_of_a_known_row_stays_what_it_was() -> None:
    """Across releases of Python too: another process may work it out again."""
    wait = Backoff(1.0, 60.0, jitter=0.5).durable(4, "0197a000-0000-7000-8000-000000000001")
    assert round(wait, 6) == 7.477206
