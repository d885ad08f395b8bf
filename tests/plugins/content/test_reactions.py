"""Stored names of the content service's reactions, which inbox keys hold."""

from colonnade_content import plugin
from colonnade_runtime.background.events.declared_reactions import declared_reactions


def test_reactions_have_the_names_that_stores_hold() -> None:
    assert set(declared_reactions(plugin)) == {
        *(f"CourseFacts.enrollment_{change}" for change in ("activated", "completed", "ended")),
        *(
            f"CourseFacts.course_{change}"
            for change in ("created", "updated", "published", "unpublished", "deleted")
        ),
        "CourseFacts.instructor_added",
        "CourseFacts.instructor_removed",
        "CourseFacts.lesson_content_changed",
        "CourseFacts.lesson_removed",
        "Processing.file_deleted",
        "Processing.media_created",
        "Processing.media_deleted",
    }
