"""The states that the tables store are the statuses of the contract, text for text."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from colonnade_course.api import CourseStatus, EnrollmentStatus
from colonnade_course.states import CourseState, EnrollmentState


@pytest.mark.parametrize(
    ("states", "statuses"), [(CourseState, CourseStatus), (EnrollmentState, EnrollmentStatus)]
)
def test_every_state_is_a_status_of_the_contract(states: type[StrEnum], statuses: Any) -> None:
    assert tuple(states) == get_args(statuses)
