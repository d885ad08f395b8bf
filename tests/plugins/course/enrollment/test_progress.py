"""How far somebody is, and where they go on."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from colonnade_course.enrollment.progress import Step, is_finished, percentage, resume_at

A, B, C, D = (UUID(int=number) for number in range(1, 5))
STEPS = [Step(A, True), Step(B, True), Step(C, True), Step(D, False)]

steps = st.lists(st.booleans(), max_size=30).map(
    lambda flags: [Step(UUID(int=number), required) for number, required in enumerate(flags)]
)
some = st.sets(st.integers(0, 29).map(lambda number: UUID(int=number)))


def test_progress_is_rounded_down() -> None:
    assert percentage(STEPS, {A, B}) == 66


def test_lessons_that_are_not_required_do_not_count() -> None:
    assert percentage(STEPS, {A, B, C}) == 100


def test_a_course_without_required_lessons_stays_at_0() -> None:
    assert percentage([Step(D, False)], {D}) == 0
    assert not is_finished([], set())


@given(steps, some)
def test_progress_is_100_exactly_when_every_required_lesson_is_completed(
    steps: list[Step], completed: set[UUID]
) -> None:
    required = {step.lesson_id for step in steps if step.required}
    assert (percentage(steps, completed) == 100) == (bool(required) and required <= completed)


@given(steps, some, st.integers(0, 29))
def test_one_more_completed_lesson_never_lowers_progress(
    steps: list[Step], completed: set[UUID], another: int
) -> None:
    before = percentage(steps, completed)
    assert before <= percentage(steps, completed | {UUID(int=another)}) <= 100


def test_who_has_not_begun_resumes_at_the_first_lesson() -> None:
    assert resume_at(STEPS, set(), None) == A


def test_an_unfinished_lesson_is_where_one_resumes() -> None:
    assert resume_at(STEPS, {A}, B) == B


def test_behind_a_completed_lesson_the_next_open_one_follows() -> None:
    assert resume_at(STEPS, {B}, B) == C


def test_when_nothing_open_follows_the_first_skipped_lesson_is_next() -> None:
    assert resume_at(STEPS, {B, C}, C) == A


def test_from_an_appendix_one_resumes_at_a_lesson_that_counts() -> None:
    assert resume_at(STEPS, {A}, D) == B


def test_a_lesson_that_is_gone_says_nothing_about_where_to_resume() -> None:
    assert resume_at(STEPS, {A}, UUID(int=99)) == B


@given(steps, some, st.none() | st.integers(0, 35).map(lambda number: UUID(int=number)))
def test_one_resumes_at_an_open_required_lesson_or_is_finished(
    steps: list[Step], completed: set[UUID], last: UUID | None
) -> None:
    open_lessons = {s.lesson_id for s in steps if s.required and s.lesson_id not in completed}
    resume = resume_at(steps, completed, last)
    assert resume in open_lessons or (resume is None and not open_lessons)
