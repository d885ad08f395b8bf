"""What the contract says of itself."""

import inspect

from colonnade.events import Event, event_type_of
from colonnade.messages import Request
from colonnade.operations import operation_of
from colonnade_course import api
from colonnade_course.api import EVENTS, OPERATIONS


def test_every_operation_of_the_contract_is_offered() -> None:
    declared = {
        item
        for item in vars(api).values()
        if inspect.isclass(item) and issubclass(item, Request) and "__operation__" in vars(item)
    }
    assert declared == set(OPERATIONS)


def test_every_event_of_the_contract_is_published() -> None:
    declared = {
        item
        for item in vars(api).values()
        if inspect.isclass(item) and issubclass(item, Event) and "__event__" in vars(item)
    }
    assert declared == set(EVENTS)


def test_events_of_a_course_are_keyed_by_it_and_those_of_an_enrolment_by_that() -> None:
    for model in EVENTS:
        key = "enrollment_id" if "enrollment_id" in model.model_fields else "course_id"
        assert event_type_of(model).key == key


def test_only_reading_one_course_is_cached() -> None:
    cached = [operation.__name__ for operation in OPERATIONS if operation_of(operation).cached]
    assert cached == ["GetCourse"]
