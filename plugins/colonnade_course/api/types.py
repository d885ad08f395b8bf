"""Value types of the contract, with their bounds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from colonnade.text import Line


def _each_once(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise ValueError("names a category twice")
    return names


Text = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]
"""Some paragraphs of plain text."""

Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"),
]
"""A name for URLs: lower-case letters, digits and inner hyphens."""

ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""Identifier of a thing where it was imported from."""

Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$")
]
"""A BCP 47 tag such as `en` or `pt-BR`."""

ReservationKey = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")
]
"""Key of one reservation, chosen by the caller, such as the id of an order."""

Markdown = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
"""A text in Markdown, as it was written."""

MAXIMUM_CATEGORIES = 10
"""Categories a course may have."""

Categories = Annotated[
    list[Line],
    Field(max_length=MAXIMUM_CATEGORIES, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]
"""Names under which a catalogue lists a course, in the order in which it shows them."""

Level = Literal["beginner", "intermediate", "advanced"]
Seats = Annotated[int, Field(ge=1, le=1_000_000)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[int, Field(ge=0, le=100_000)]

CourseStatus = Literal["draft", "published"]
Completion = Literal["view", "manual"]
EnrollmentStatus = Literal["pending", "active", "completed", "ended"]

MAXIMUM_SECTIONS = 200
"""Sections a course may have."""

MAXIMUM_LESSONS = 1000
"""Lessons a course may have."""

MAXIMUM_INSTRUCTORS = 50
"""People who may teach one course."""
