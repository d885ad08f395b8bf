"""Instructors are apart: their own, what they teach, and what is shared with them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from content_academy import Academy, Person

from colonnade_content.api import ListPublishableContent
from colonnade_course.api import InstructorAdded, LessonContentChanged


async def _made(person: Person, body: str = "text", **fields: Any) -> Any:
    values = {"kind": "markdown", "title": "Text", "body": body} | fields
    made = await person.send("POST", "/content", json=values)
    assert made.status_code == 201, made.text
    return made.json()


async def _statuses(person: Person, content: Any, file: Any) -> list[int]:
    path = f"/content/{content['id']}"
    return [
        (await person.send("GET", path)).status_code,
        (await person.send("PATCH", path, json={"title": uuid4().hex})).status_code,
        (await person.send("GET", f"{path}/versions")).status_code,
        (await person.send("GET", f"/files/{file['id']}")).status_code,
        (await person.send("GET", f"/files/{file['id']}/content")).status_code,
    ]


async def _publishable(academy: Academy, person: Person, content: Any) -> bool:
    request = ListPublishableContent(ids=[UUID(content["id"])])
    answer = await academy.bench.ask(request, as_=person.principal)
    return bool(answer.ids)


@pytest.fixture
async def theirs(academy: Academy) -> tuple[Any, Any]:
    """A text of the teacher's with a link to a file of theirs."""
    file = (await academy.teacher.upload(b"notes")).json()
    return await _made(academy.teacher, f"[notes](/api/v1/files/{file['id']}/content)"), file


async def test_what_another_instructor_made_does_not_exist(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    content, file = theirs
    assert await _statuses(academy.teacher, *theirs) == [200] * 5
    assert await _statuses(academy.owner, *theirs) == [200] * 5
    assert await _statuses(academy.colleague, *theirs) == [404] * 5
    for path in ("/content", "/files", "/media"):
        assert (await academy.colleague.send("GET", path)).json()["items"] == []
    for path in (f"/content/{content['id']}", f"/files/{file['id']}"):
        assert (await academy.colleague.send("DELETE", path)).status_code == 404
    assert not await _publishable(academy, academy.colleague, content)
    assert await _publishable(academy, academy.teacher, content)
    assert await _publishable(academy, academy.owner, content)


async def test_who_teaches_what_shows_it_works_with_it(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    content, course = theirs[0], uuid4()
    shown = LessonContentChanged(
        lesson_id=uuid4(),
        course_id=course,
        content_id=UUID(content["id"]),
        preview=False,
        published=False,
        sequence=1,
    )
    await academy.bench.deliver(shown)
    teaches = InstructorAdded(course_id=course, user_id=UUID(academy.colleague.id), sequence=1)
    await academy.bench.deliver(teaches)
    assert await _statuses(academy.colleague, *theirs) == [200] * 5
    assert await _publishable(academy, academy.colleague, content)
    gone = await academy.colleague.send("DELETE", f"/content/{content['id']}")
    assert gone.status_code == 403


async def test_what_is_shared_is_worked_with_until_it_is_not(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    content = theirs[0]
    path = f"/content/{content['id']}/shares"
    who = {"user_id": academy.colleague.id}
    assert (await academy.colleague.send("POST", path, json=who)).status_code == 404
    for _ in range(2):
        assert (await academy.teacher.send("POST", path, json=who)).status_code == 201
    listed = (await academy.teacher.send("GET", path)).json()["items"]
    assert [item["user_id"] for item in listed] == [academy.colleague.id]
    assert await _statuses(academy.colleague, *theirs) == [200] * 5
    assert await _publishable(academy, academy.colleague, content)
    # Whoever it is shared with does not pass it on.
    assert (await academy.colleague.send("POST", path, json=who)).status_code == 403
    ended = await academy.teacher.send("DELETE", f"{path}/{academy.colleague.id}")
    assert ended.status_code == 204
    assert await _statuses(academy.colleague, *theirs) == [404] * 5


async def test_sharing_with_a_learner_shows_them_nothing(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    path = f"/content/{theirs[0]['id']}/shares"
    for user_id in (academy.learner.id, str(uuid4())):
        answer = await academy.teacher.send("POST", path, json={"user_id": user_id})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/user_id", "unknown")
    assert await _statuses(academy.learner, *theirs) == [404, 403, 403, 404, 404]


async def test_a_preview_publishes_no_file_that_its_maker_may_not(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    """Links, items that show it and pictures that are made of it are tried."""
    _, file = theirs
    link = f"/files/{file['id']}/content"
    content = await _made(academy.colleague, f"[mine now](/api/v1{link})")
    shown = LessonContentChanged(
        lesson_id=uuid4(),
        course_id=uuid4(),
        content_id=UUID(content["id"]),
        preview=True,
        published=True,
        sequence=1,
    )
    await academy.bench.deliver(shown)
    assert (await academy.visitor.send("GET", f"/content/{content['id']}")).status_code == 200
    assert (await academy.visitor.send("GET", link)).status_code == 404
    assert (await academy.colleague.send("GET", link)).status_code == 404
    values = {"kind": "file", "title": "File", "file_id": file["id"]}
    for path, body in (("/content", values), ("/media", {"file_id": file["id"]})):
        answer = await academy.colleague.send("POST", path, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/file_id"


async def test_a_colleague_who_changes_a_text_keeps_its_files(
    academy: Academy, theirs: tuple[Any, Any]
) -> None:
    content, file = theirs
    path = f"/content/{content['id']}"
    await academy.teacher.send("POST", f"{path}/shares", json={"user_id": academy.colleague.id})
    body = {"body": f"[notes](/api/v1/files/{file['id']}/content), improved"}
    assert (await academy.colleague.send("PATCH", path, json=body)).status_code == 200
    assert (await academy.teacher.send("DELETE", f"/files/{file['id']}")).status_code == 409
