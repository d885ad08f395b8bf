"""Progress through a course: percentage, completion and the lesson to resume at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Step:
    """Lesson of a course; those that are not `required` do not count for progress."""

    lesson_id: UUID
    required: bool


def percentage(steps: Sequence[Step], completed: Collection[UUID]) -> int:
    """Percentage of required steps that are completed, 0–100, rounded down.

    100 means all of them; a course without required steps stays at 0.
    """
    required = [step for step in steps if step.required]
    done = sum(step.lesson_id in completed for step in required)
    return share(done, len(required))


def share(done: int, required: int) -> int:
    """`done` of `required` in per cent, rounded down; 0 of 0 is 0."""
    return done * 100 // required if required else 0


def is_finished(steps: Sequence[Step], completed: Collection[UUID]) -> bool:
    """True if every required step is completed; a course must have one at least."""
    return percentage(steps, completed) == 100


def resume_at(steps: Sequence[Step], completed: Collection[UUID], last: UUID | None) -> UUID | None:
    """Find the lesson to resume at after `last`.

    That is the first required step from `last` on that is not completed, or, when none follows,
    the first such one of the course; None when all are completed.
    """
    order = [step.lesson_id for step in steps]
    start = order.index(last) if last in order else 0
    around = [*steps[start:], *steps[:start]]
    return next(
        (step.lesson_id for step in around if step.required and step.lesson_id not in completed),
        None,
    )
