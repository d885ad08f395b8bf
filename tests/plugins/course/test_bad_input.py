"""Bad input gets a problem that points at it, and leaves no trace."""

from typing import Any

import pytest
from course_journeys import Academy, problem

GOOD = {"title": "Python", "slug": "python"}


def with_(**fields: Any) -> dict[str, Any]:
    return GOOD | fields


BAD_COURSES = {
    "no title": ({"slug": "python"}, "/title"),
    "blank title": (with_(title="  "), "/title"),
    "title over two lines": (with_(title="a\nb"), "/title"),
    "long title": (with_(title="x" * 201), "/title"),
    "long summary": (with_(summary="x" * 5001), "/summary"),
    "summary with NUL": (with_(summary="a\x00b"), "/summary"),
    "slug in capitals": (with_(slug="Python"), "/slug"),
    "slug with a path": (with_(slug="../python"), "/slug"),
    "empty slug": (with_(slug=""), "/slug"),
    "title is a number": (with_(title=5), "/title"),
    "unknown field": (with_(colour="red"), "/colour"),
    "negative price": (with_(price={"amount": -1, "currency": "EUR"}), "/price/amount"),
    "fractional price": (with_(price={"amount": 49.5, "currency": "EUR"}), "/price/amount"),
    "price as text": (with_(price={"amount": "4900", "currency": "EUR"}), "/price/amount"),
    "price over all bounds": (with_(price={"amount": 10**16, "currency": "EUR"}), "/price/amount"),
    "unknown currency": (with_(price={"amount": 1, "currency": "ABC"}), "/price/currency"),
    "currency in small letters": (with_(price={"amount": 1, "currency": "eur"}), "/price/currency"),
    "price without currency": (with_(price={"amount": 1}), "/price/currency"),
    "price with extras": (
        with_(price={"amount": 1, "currency": "EUR", "vat": 1}),
        "/price/vat",
    ),
    "no seats at all": (with_(seats=0), "/seats"),
    "seats as text": (with_(seats="10"), "/seats"),
    "seats as true": (with_(seats=True), "/seats"),
    "half a seat": (with_(seats=1.5), "/seats"),
    "language that is none": (with_(language="no such language!"), "/language"),
}


@pytest.mark.parametrize("name", BAD_COURSES)
async def test_a_bad_course_is_refused_at_the_bad_field_and_not_kept(
    academy: Academy, name: str
) -> None:
    body, pointer = BAD_COURSES[name]
    refused = await academy.teacher.post("/courses", body)
    assert refused.status_code == 422
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert [error["pointer"] for error in problem(refused)["errors"]] == [pointer]
    assert (await academy.owner.get("/courses")).json()["items"] == []


async def test_all_bad_fields_are_named_at_once(academy: Academy) -> None:
    refused = await academy.teacher.post("/courses", {"title": "", "slug": "A", "seats": -1})
    pointers = {error["pointer"] for error in problem(refused)["errors"]}
    assert pointers == {"/title", "/slug", "/seats"}


@pytest.mark.parametrize("body", ['{"title": ', "[]", '"text"', "\x00", '{"title": NaN}'])
async def test_a_body_that_is_no_json_object_cannot_be_read(academy: Academy, body: str) -> None:
    refused = await academy.teacher.send("POST", "/courses", body.encode())
    assert refused.status_code == 400
    assert problem(refused)["errors"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=ten",
        "status=secret",
        "sort=price",
        "colour=red",
        "slug=A",
        "limit=1&limit=2",
    ],
)
async def test_a_bad_query_is_refused_at_the_bad_parameter(academy: Academy, query: str) -> None:
    refused = await academy.visitor.get(f"/courses?{query}")
    assert refused.status_code == 422
    name = query.partition("=")[0]
    assert {error["pointer"] for error in problem(refused)["errors"]} == {f"?{name}"}


@pytest.mark.parametrize("cursor", ["x", "W10", "%00", "W251bGwsbnVsbF0", "A" * 400])
@pytest.mark.parametrize("path", ["courses", "lessons", "enrollments"])
async def test_a_cursor_that_was_not_given_out_is_refused(
    academy: Academy, path: str, cursor: str
) -> None:
    refused = await academy.owner.get(f"/{path}?cursor={cursor}")
    assert refused.status_code == 400
    assert problem(refused)["errors"][0]["pointer"] == "?cursor"


@pytest.mark.parametrize("path", ["courses", "sections", "lessons", "enrollments"])
@pytest.mark.parametrize("name", ["1", "none", "00000000", "%2e%2e", "x" * 300])
async def test_what_is_no_id_names_nothing(academy: Academy, path: str, name: str) -> None:
    assert (await academy.owner.get(f"/{path}/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("position", -1),
        ("position", 1.5),
        ("position", 10**7),
        ("content_id", "x"),
        ("preview", "yes"),
        ("completion", "sometimes"),
        ("duration_minutes", -5),
        ("title", ""),
        ("external_id", "a\nb"),
    ],
)
async def test_a_bad_lesson_is_refused_at_the_bad_field(
    academy: Academy, field: str, value: Any
) -> None:
    _, section, _ = await academy.course_with_lessons(0)
    body = {"section_id": section["id"], "title": "T"} | {field: value}
    refused = await academy.teacher.post("/lessons", body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in problem(refused)["errors"]] == [f"/{field}"]


async def test_an_unknown_progress_is_refused(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(1, publish=True)
    enrollment = await academy.enrol(academy.learner, course)
    url = f"/enrollments/{enrollment['id']}/lessons/{lessons[0]['id']}"
    refused = await academy.learner.put(url, {"status": "half"})
    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "/status"


async def test_what_the_path_says_is_not_said_again(academy: Academy) -> None:
    course = await academy.course()
    url = f"/courses/{course['id']}"
    refused = await academy.teacher.patch(url, {"course_id": course["id"], "title": "X"})
    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "/course_id"
