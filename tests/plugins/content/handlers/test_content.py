"""Content items over HTTP, and who may read them."""

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from content_academy import Academy
from PIL import Image

from colonnade_course.api import (
    EnrollmentActivated,
    EnrollmentEnded,
    LessonContentChanged,
    LessonRemoved,
)


async def _markdown(academy: Academy, body: str = "# Hello", **fields: Any) -> Any:
    values = {"kind": "markdown", "title": "Text", "body": body} | fields
    made = await academy.teacher.send("POST", "/content", json=values)
    assert made.status_code == 201, made.text
    return made.json()


def _shown(content: Any, course: UUID, lesson: UUID, sequence: int, **fields: bool) -> Any:
    flags = {"preview": False, "published": True} | fields
    return LessonContentChanged(
        lesson_id=lesson,
        course_id=course,
        content_id=UUID(content["id"]),
        sequence=sequence,
        **flags,
    )


async def test_markdown_is_answered_as_html_without_script(academy: Academy) -> None:
    made = await _markdown(academy, "# Hello\n\n<script>alert(1)</script>")
    answer = (await academy.teacher.send("GET", f"/content/{made['id']}")).json()
    assert "<h1" in answer["html"]
    assert "script" not in answer["html"]


async def test_a_kind_without_what_it_shows_is_refused(academy: Academy) -> None:
    values = {"kind": "link", "title": "There", "body": "x"}
    answer = await academy.teacher.send("POST", "/content", json=values)
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/url", "/body"}


async def test_an_external_id_is_taken_once(academy: Academy) -> None:
    first = await _markdown(academy, external_id="a")
    values = {"kind": "markdown", "title": "T", "body": "", "external_id": "a"}
    again = await academy.teacher.send("POST", "/content", json=values)
    assert (again.status_code, again.json()["details"]["id"]) == (409, first["id"])


async def test_every_change_of_the_text_is_kept(academy: Academy) -> None:
    made = await _markdown(academy, "one")
    path = f"/content/{made['id']}"
    changed = await academy.teacher.send("PATCH", path, json={"body": "two"})
    assert changed.json()["revision"] == 2
    versions = (await academy.teacher.send("GET", f"{path}/versions")).json()["items"]
    assert [item["body"] for item in versions] == ["two", "one"]


async def test_a_stale_change_is_refused(academy: Academy) -> None:
    made = await _markdown(academy)
    path = f"/content/{made['id']}"
    headers = {"If-Match": f'"{made["version"] + 7}"'}
    answer = await academy.teacher.send("PATCH", path, json={"title": "N"}, headers=headers)
    assert answer.status_code == 412


async def test_a_learner_reads_from_enrolment_to_its_end(academy: Academy) -> None:
    file = (await academy.teacher.upload(b"notes")).json()
    made = await _markdown(academy, f"[notes](/api/v1/files/{file['id']}/content)")
    paths = (f"/content/{made['id']}", f"/files/{file['id']}/content")
    course, enrollment = uuid4(), uuid4()
    await academy.bench.deliver(_shown(made, course, uuid4(), 1))

    async def statuses() -> list[int]:
        return [(await academy.learner.send("GET", path)).status_code for path in paths]

    fact = {"enrollment_id": enrollment, "course_id": course, "user_id": academy.learner_id}
    assert await statuses() == [404, 404]
    await academy.bench.deliver(EnrollmentActivated(**fact, status="active", sequence=1))
    assert await statuses() == [200, 200]
    listed = (await academy.learner.send("GET", "/content")).json()["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    await academy.bench.deliver(EnrollmentEnded(**fact, status="ended", sequence=2))
    await academy.bench.deliver(EnrollmentActivated(**fact, status="active", sequence=1))
    assert await statuses() == [404, 404]


async def test_a_preview_is_for_everybody_until_its_course_is_unpublished(
    academy: Academy,
) -> None:
    made, course, lesson = await _markdown(academy), uuid4(), uuid4()
    path = f"/content/{made['id']}"
    await academy.bench.deliver(_shown(made, course, lesson, 1, preview=True))
    assert (await academy.visitor.send("GET", path)).status_code == 200
    await academy.bench.deliver(_shown(made, course, lesson, 2, preview=True, published=False))
    assert (await academy.visitor.send("GET", path)).status_code == 404


async def test_a_removed_lesson_does_not_come_back(academy: Academy) -> None:
    made, course, lesson = await _markdown(academy), uuid4(), uuid4()
    await academy.bench.deliver(LessonRemoved(lesson_id=lesson, course_id=course, sequence=3))
    await academy.bench.deliver(_shown(made, course, lesson, 2, preview=True))
    assert (await academy.visitor.send("GET", f"/content/{made['id']}")).status_code == 404


async def test_what_a_lesson_shows_is_not_deleted(academy: Academy) -> None:
    made = await _markdown(academy)
    await academy.bench.deliver(_shown(made, uuid4(), uuid4(), 1))
    answer = await academy.teacher.send("DELETE", f"/content/{made['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "content.in_use")


async def test_a_file_that_content_uses_is_not_deleted(academy: Academy) -> None:
    file = (await academy.teacher.upload(b"notes")).json()
    values = {"kind": "file", "title": "Notes", "file_id": file["id"]}
    made = (await academy.teacher.send("POST", "/content", json=values)).json()
    path = f"/files/{file['id']}"
    assert (await academy.teacher.send("DELETE", path)).status_code == 409
    gone = await academy.teacher.send("DELETE", f"/content/{made['id']}")
    assert gone.status_code == 204
    assert (await academy.teacher.send("DELETE", path)).status_code == 204


async def test_a_picture_gets_its_variants(academy: Academy) -> None:
    picture = BytesIO()
    Image.new("RGB", (400, 200), "red").save(picture, "PNG")
    file = (await academy.teacher.upload(picture.getvalue(), "a.png", "image/png")).json()
    made = await academy.teacher.send("POST", "/media", json={"file_id": file["id"]})
    assert made.json()["state"] == "processing"
    path = f"/media/{made.json()['id']}"
    early = await academy.teacher.send("GET", f"{path}/variants/thumbnail")
    assert early.status_code == 409
    await academy.bench.settle()
    assert (await academy.teacher.send("GET", path)).json()["state"] == "ready"
    variant = await academy.teacher.send("GET", f"{path}/variants/thumbnail")
    assert (variant.status_code, variant.headers["content-type"]) == (200, "image/webp")
    assert Image.open(BytesIO(variant.content)).size == (256, 128)


async def test_a_broken_picture_says_why_it_failed(academy: Academy) -> None:
    file = (await academy.teacher.upload(b"\x89PNG\r\n\x1a\nbroken", "a.png")).json()
    made = (await academy.teacher.send("POST", "/media", json={"file_id": file["id"]})).json()
    await academy.bench.settle()
    answer = (await academy.teacher.send("GET", f"/media/{made['id']}")).json()
    assert answer["state"] == "failed"
    assert answer["failure"]
