"""The order of sections and lessons."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.errors import ValidationFailed
from colonnade_course.outline.ordering import arrange, make_room


@dataclass(eq=False)
class Sibling:
    position: int
    id: UUID = field(default_factory=uuid4)


def siblings(*positions: int) -> list[Sibling]:
    return [Sibling(position) for position in positions]


def test_without_a_position_a_newcomer_goes_behind_the_last() -> None:
    assert make_room(siblings(1, 2, 7), None) == 8


def test_the_first_one_has_position_1() -> None:
    assert make_room([], None) == 1


def test_a_free_position_moves_nobody() -> None:
    there = siblings(1, 3)
    assert make_room(there, 2) == 2
    assert [item.position for item in there] == [1, 3]


def test_a_taken_position_moves_the_one_there_and_those_behind_back() -> None:
    there = siblings(0, 1, 2)
    assert make_room(there, 1) == 1
    assert [item.position for item in there] == [0, 2, 3]


@given(st.lists(st.integers(0, 20), unique=True), st.integers(0, 20) | st.none())
def test_inserting_keeps_the_order_and_never_doubles_a_position(
    positions: list[int], wanted: int | None
) -> None:
    there = siblings(*sorted(positions))
    newcomer = make_room(there, wanted)
    after = [item.position for item in there]
    assert after == sorted(set(after))
    assert newcomer not in after


def test_arranging_gives_the_positions_from_1_in_the_named_order() -> None:
    first, second, third = there = siblings(4, 9, 9)
    arrange(there, [third.id, first.id, second.id], "lessons")
    assert (first.position, second.position, third.position) == (2, 3, 1)


@pytest.mark.parametrize("wrong", ["missing", "doubled", "foreign"])
def test_arranging_needs_every_sibling_exactly_once(wrong: str) -> None:
    first, second = there = siblings(1, 2)
    ids = {
        "missing": [first.id],
        "doubled": [first.id, first.id],
        "foreign": [first.id, second.id, uuid4()],
    }
    with pytest.raises(ValidationFailed) as caught:
        arrange(there, ids[wrong], "lessons")
    assert caught.value.fields[0].pointer == "/ids"
