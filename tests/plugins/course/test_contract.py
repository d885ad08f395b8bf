"""What the contract says of itself."""

from colonnade.events import event_type_of
from colonnade.operations import operation_of
from colonnade_course import plugin as course_plugin
from colonnade_course.api import EVENTS, OPERATIONS
from colonnade_runtime.testing import PluginContract


class TestCourse(PluginContract):
    """The rules that every plugin keeps."""

    plugin = course_plugin


def test_events_of_a_course_are_keyed_by_it_and_those_of_an_enrolment_by_that() -> None:
    for model in EVENTS:
        key = "enrollment_id" if "enrollment_id" in model.model_fields else "course_id"
        assert event_type_of(model).key == key


def test_what_people_look_through_is_cached_and_what_is_theirs_is_not() -> None:
    cached = {operation.__name__ for operation in OPERATIONS if operation_of(operation).cached}
    assert cached == {
        "GetCourse",
        "GetLesson",
        "GetOutline",
        "GetSection",
        "ListCourses",
        "ListInstructors",
        "ListLessons",
        "ListSections",
    }
