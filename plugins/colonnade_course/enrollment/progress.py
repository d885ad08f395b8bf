"""How far somebody is in a course, and where they go on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson as progress sees it; those that are not `required` do not count."""

    lesson_id: UUID
    required: bool


def percentage(steps: Sequence[Step], completed: Collection[UUID]) -> int:
    """The share of required steps that are completed, 0–100, rounded down.

    100 means all of them; a course without required steps stays at 0.
    """
    required = [step for step in steps if step.required]
    done = sum(step.lesson_id in completed for step in required)
    return share(done, len(required))


def share(done: int, required: int) -> int:
    """`done` of `required` in per cent, rounded down; 0 of 0 is 0."""
    return done * 100 // required if required else 0


def is_finished(steps: Sequence[Step], completed: Collection[UUID]) -> bool:
    """Whether every required step is completed, of which there must be one."""
    return percentage(steps, completed) == 100


def resume_at(steps: Sequence[Step], completed: Collection[UUID], last: UUID | None) -> UUID | None:
    """Where to go on after touching `last`: there, or at the next required step that is not
    completed, or, when none follows, at the first such one; nothing when all are."""
    order = [step.lesson_id for step in steps]
    start = order.index(last) if last in order else 0
    around = [*steps[start:], *steps[:start]]
    return next(
        (step.lesson_id for step in around if step.required and step.lesson_id not in completed),
        None,
    )
