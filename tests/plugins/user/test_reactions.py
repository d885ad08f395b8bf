"""Reactions keep the names under which the inbox has stored them."""

from colonnade.events import marked_reactions
from colonnade_user.reactions import CourseReactions


def test_reactions_keep_their_stored_names() -> None:
    names = {name for name, _, _ in marked_reactions(CourseReactions)}
    assert names == {
        "KnownCourses.course_created",
        "KnownCourses.course_updated",
        "KnownCourses.course_published",
        "KnownCourses.course_unpublished",
        "KnownCourses.course_deleted",
        "KnownCourses.instructor_added",
        "KnownCourses.instructor_removed",
    }
