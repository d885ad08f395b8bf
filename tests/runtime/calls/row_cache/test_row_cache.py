"""The row cache by itself: what is dropped, what may be kept, and how much."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from colonnade.rows.row_tracking import ANY_TABLE, RowSet
from colonnade_runtime.calls.row_cache import RowCache
from colonnade_runtime.calls.row_cache.cache import DEFAULT_CAPACITY, OVERHEAD, Key

TABLES = st.sampled_from(["courses", "sections", "lessons"])
ROWS = st.tuples(TABLES, st.tuples(st.integers(0, 3)))
ROW_SETS = st.builds(
    RowSet,
    st.sets(ROWS, max_size=3),
    st.sets(st.one_of(TABLES, st.just(ANY_TABLE)), max_size=1),
)


def key(number: int, tenant: str = "acme") -> Key:
    return (tenant, "ask.course.v1.GetCourse", b"%d" % number, 1, b"", b"", "en")


def filled(reads: list[RowSet], capacity: int = DEFAULT_CAPACITY) -> RowCache:
    cache = RowCache(capacity)
    for number, read in enumerate(reads):
        # What was made of whole tables is kept when it was asked for twice.
        for _ in range(2):
            cache.keep(key(number), b"answer", read, cache.begin("course", "acme"))
    return cache


@given(st.lists(ROW_SETS, max_size=6), st.lists(ROW_SETS, max_size=3))
def test_a_change_drops_exactly_what_was_made_of_it(
    reads: list[RowSet], changes: list[RowSet]
) -> None:
    cache = filled(reads)
    for changed in changes:
        cache.drop("course", "acme", changed)
    for number, read in enumerate(reads):
        touched = any(read.overlaps(changed) for changed in changes)
        assert (cache.find(key(number)) is None) is touched, (read, changes)


def test_a_list_is_kept_when_it_is_asked_for_again() -> None:
    """Searches that nobody repeats leave what everybody reads where it is."""
    room_for_two = 16 * (OVERHEAD + 100)
    cache = RowCache(room_for_two)
    rows = RowSet({("courses", (1,))})
    cache.keep(key(0), b"hot", rows, cache.begin("course", "acme"))
    lists = RowSet(tables={"courses"})
    for number in range(1, 100):
        cache.keep(key(number), b"search", lists, cache.begin("course", "acme"))
    assert cache.find(key(0)) is not None
    assert len(cache) == 1
    cache.keep(key(99), b"search", lists, cache.begin("course", "acme"))
    assert cache.find(key(99)) is not None


def test_a_row_is_the_same_however_its_id_was_given() -> None:
    identity = uuid4()
    cache = filled([RowSet({("courses", (str(identity),))})])
    cache.drop("course", "acme", RowSet({("courses", (identity,))}))
    assert cache.find(key(0)) is None


def test_what_changed_between_begin_and_keep_is_not_kept() -> None:
    cache = RowCache()
    reading = cache.begin("course", "acme")
    cache.drop("course", "acme", RowSet({("courses", (1,))}))
    cache.keep(key(0), b"old", RowSet({("courses", (1,))}), reading)
    assert cache.find(key(0)) is None


def test_a_reading_that_began_after_the_change_is_kept() -> None:
    cache = RowCache()
    cache.drop("course", "acme", RowSet({("courses", (1,))}))
    cache.keep(key(0), b"new", RowSet({("courses", (1,))}), cache.begin("course", "acme"))
    found = cache.find(key(0))
    assert found is not None
    assert found.body == b"new"


def test_a_change_in_one_academy_or_service_leaves_others_alone() -> None:
    cache = filled([RowSet({("courses", (1,))})])
    cache.drop("course", "globex", RowSet({("courses", (1,))}))
    cache.drop("user", "acme", RowSet({("courses", (1,))}))
    assert cache.find(key(0)) is not None


def test_the_same_request_in_another_academy_is_another_entry() -> None:
    cache = filled([RowSet()])
    assert cache.find(key(0, tenant="globex")) is None


def test_clearing_forgets_everything_and_what_is_being_read() -> None:
    cache = filled([RowSet()])
    reading = cache.begin("course", "acme")
    cache.clear()
    cache.keep(key(1), b"missed changes", RowSet(), reading)
    assert len(cache) == 0
    assert cache.size == 0


@given(st.lists(st.integers(10, 40), max_size=150))
def test_it_stays_within_its_capacity_and_keeps_what_was_used_last(used: list[int]) -> None:
    room = 20
    one = OVERHEAD + len(b"answer") + 2
    cache = RowCache(one * room)
    recent: list[int] = []
    for number in used:
        if cache.find(key(number)) is None:
            reading = cache.begin("course", "acme")
            cache.keep(key(number), b"answer", RowSet({("courses", (number,))}), reading)
        recent = [*(other for other in recent if other != number), number][-room:]
    assert cache.size == one * len(recent)
    assert all(cache.find(key(number)) is not None for number in recent)


def test_an_answer_that_would_crowd_out_all_others_is_not_kept() -> None:
    cache = RowCache(100_000)
    cache.keep(key(0), bytes(20_000), RowSet(), cache.begin("course", "acme"))
    assert len(cache) == 0
