"""Ordering: positions of sections in a course and of lessons in a section."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from colonnade.errors import FieldError, ValidationFailed


class Positioned(Protocol):
    """Section or lesson with a position among its siblings."""

    id: UUID
    position: int


PositionedT = TypeVar("PositionedT", bound=Positioned)


def make_room(siblings: Sequence[Positioned], position: int | None) -> int:
    """Return the position of a new item among `siblings`: `position`, or behind the last one.

    Where that position is taken, its item and those behind move back by one.
    """
    if position is None:
        return max((sibling.position for sibling in siblings), default=0) + 1
    if any(sibling.position == position for sibling in siblings):
        for sibling in siblings:
            if sibling.position >= position:
                sibling.position += 1
    return position


def arrange(siblings: Sequence[PositionedT], ids: Sequence[UUID], noun: str) -> None:
    """Give `siblings` the positions 1, 2, … in the order of `ids`.

    Raises:
        ValidationFailed: when `ids` does not name each of them exactly once.
    """
    by_id = {sibling.id: sibling for sibling in siblings}
    if len(ids) != len(by_id) or set(ids) != set(by_id):
        message = f"must name each of the {len(by_id)} {noun} exactly once"
        raise ValidationFailed(fields=[FieldError("/ids", message, "incomplete")])
    for position, wanted in enumerate(ids, start=1):
        if by_id[wanted].position != position:
            by_id[wanted].position = position
