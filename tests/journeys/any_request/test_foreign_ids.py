"""What a body names is the academy's own: every id in every body × another academy's, made up."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import created, learner, owner, published_course

OWN_NAMES = {("POST", "/analytics/events", "/events/0/id")}
"""Ids that clients make up: they name nothing."""

IN_FREE_OBJECTS = {("POST", "/reports", "/parameters/course_id")}
"""Ids in objects whose form OpenAPI does not know."""

REFUSED: dict[tuple[str, str, str], tuple[str, int, str | None]] = {
    ("POST", "/analytics/events", "/events/0/course_id"): ("course", 422, "/events/0/course_id"),
    ("POST", "/analytics/events", "/events/0/lesson_id"): ("lesson", 422, "/events/0/lesson_id"),
    ("POST", "/content", "/file_id"): ("file", 422, "/file_id"),
    ("POST", "/content", "/media_id"): ("media", 422, "/media_id"),
    ("PATCH", "/content/{content_id}", "/file_id"): ("file", 422, "/file_id"),
    ("PATCH", "/content/{content_id}", "/media_id"): ("media", 422, "/media_id"),
    ("POST", "/content/{content_id}/shares", "/user_id"): ("user", 422, "/user_id"),
    ("POST", "/coupons", "/course_id"): ("course", 422, "/course_id"),
    ("POST", "/courses", "/cover_media_id"): ("media", 422, "/cover_media_id"),
    ("PATCH", "/courses/{course_id}", "/cover_media_id"): ("media", 422, "/cover_media_id"),
    ("POST", "/courses/{course_id}/instructors", "/user_id"): ("user", 409, None),
    ("PUT", "/courses/{course_id}/sections/order", "/ids/0"): ("section", 422, "/ids"),
    ("POST", "/enrollments", "/course_id"): ("course", 404, None),
    ("POST", "/invitations", "/courses/0"): ("course", 422, "/courses/0"),
    ("POST", "/lessons", "/content_id"): ("content", 422, "/content_id"),
    ("POST", "/lessons", "/section_id"): ("section", 404, None),
    ("PATCH", "/lessons/{lesson_id}", "/content_id"): ("content", 422, "/content_id"),
    ("PATCH", "/lessons/{lesson_id}", "/section_id"): ("section", 422, "/section_id"),
    ("POST", "/media", "/file_id"): ("file", 422, "/file_id"),
    ("POST", "/payments", "/course_id"): ("course", 404, None),
    ("POST", "/reports", "/parameters/course_id"): ("course", 404, None),
    ("POST", "/sections", "/course_id"): ("course", 404, None),
    ("PUT", "/sections/{section_id}/lessons/order", "/ids/0"): ("lesson", 422, "/ids"),
}
"""Method, path and place of an id → of what kind it is, and how a foreign one is answered."""


@pytest.mark.journey
async def test_ids_of_another_academy_and_made_up_ones_are_refused(
    platform: RunningPlatform,
) -> None:
    foreign = await things(await owner(platform.url, "acme"))
    globex = await owner(platform.url, "globex")
    own = await things(globex)
    wrong = []
    for (method, path, place), (kind, status, pointer) in REFUSED.items():
        for given in (foreign[kind], str(uuid4())):
            body = body_of(method, path, place, given, own)
            address = path
            for name in ("content", "course", "lesson", "section"):
                address = address.replace(f"{{{name}_id}}", own[name])
            headers = {"Idempotency-Key": uuid4().hex}
            answer = await globex.request(method, address, json=body, headers=headers)
            pointers = [each["pointer"] for each in answer.json().get("errors", [])]
            if answer.status_code != status or (pointer and set(pointers) != {pointer}):
                wrong.append(f"{method} {path} {place}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    # The same bodies are taken where the ids are the academy's own.
    for path, place, kind in (
        ("/coupons", "/course_id", "course"),
        ("/content/{content_id}/shares", "/user_id", "user"),
    ):
        body = body_of("POST", path, place, own[kind], own)
        answer = await globex.post(path.replace("{content_id}", own["content"]), json=body)
        assert answer.status_code == 201, answer.text


@pytest.mark.journey
async def test_every_id_in_a_body_is_in_the_list(platform: RunningPlatform) -> None:
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{platform.url}/openapi.json")).json()
    listed = {
        (method.upper(), path.removeprefix("/api/v1"), place)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        for content in described.get("requestBody", {}).get("content", {}).values()
        for place in ids_in(document, content["schema"])
    }
    assert listed - OWN_NAMES == REFUSED.keys() - IN_FREE_OBJECTS


def ids_in(document: Any, schema: Any, place: str = "") -> Iterator[str]:
    """Where a body of this schema holds ids."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        yield from ids_in(document, document["components"]["schemas"][name], place)
    if schema.get("format") == "uuid":
        yield place
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word, ()):
            yield from ids_in(document, part, place)
    for name, part in schema.get("properties", {}).items():
        yield from ids_in(document, part, f"{place}/{name}")
    if "items" in schema:
        yield from ids_in(document, schema["items"], f"{place}/0")


async def things(staff: httpx.AsyncClient) -> dict[str, str]:
    """One of each kind in an academy."""
    course, [lesson] = await published_course(staff)
    section = (await staff.get("/sections", params={"course_id": course})).json()["items"][0]
    text = {"kind": "markdown", "title": "Text", "body": "text"}
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    form = {"file": ("picture.png", picture.getvalue(), "image/png")}
    uploaded = await staff.post("/files", files=form)
    assert uploaded.status_code == 201, uploaded.text
    file = uploaded.json()["id"]
    return {
        "course": course,
        "lesson": lesson,
        "section": section["id"],
        "content": (await created(staff, "/content", text))["id"],
        "file": file,
        "media": (await created(staff, "/media", {"file_id": file}))["id"],
        "user": (await staff.get("/users/me")).json()["id"],
    }


def body_of(method: str, path: str, place: str, given: str, own: dict[str, str]) -> Any:
    """A body that is right but for the id at `place`."""
    field = place.rsplit("/", 1)[1]
    match method, path:
        case "POST", "/analytics/events":
            event = {"id": str(uuid4()), "name": "seen", "occurred_at": "2026-01-01T00:00:00Z"}
            return {"events": [event | {"course_id": own["course"]} | {field: given}]}
        case "POST", "/content":
            kind = field.removesuffix("_id")
            return {"kind": kind, "title": "Shown", field: given}
        case "POST", "/coupons":
            return {"code": f"C{uuid4().hex}", "percent": 10, "course_id": given}
        case "POST", "/invitations":
            return {"email": f"{uuid4().hex}@learners.example", "courses": [given]}
        case "POST", "/courses":
            return {"title": "Course", "slug": f"c{uuid4().hex}", field: given}
        case "POST", "/lessons":
            return {"title": "Lesson", "section_id": own["section"], field: given}
        case "POST", "/payments":
            return {"course_id": given, "method": "tok_ok"}
        case "POST", "/reports":
            return {"kind": "lesson_funnel", "parameters": {"course_id": given}}
        case "POST", "/sections":
            return {"title": "Section", "course_id": given}
        case "PUT", _:
            return {"ids": [given]}
    return {field: given}


@pytest.mark.journey
async def test_whoever_may_not_share_or_discount_learns_nothing_of_others(
    platform: RunningPlatform,
) -> None:
    """A foreign id, a made up one and one's own are answered alike to who may do nothing."""
    own = await things(await owner(platform.url, "globex"))
    ada = await learner(platform.url, "globex", "ada")
    for path, field, there in (
        ("/coupons", "course_id", own["course"]),
        (f"/content/{own['content']}/shares", "user_id", own["user"]),
    ):
        for given in (there, str(uuid4())):
            body = {"code": "MINE", "percent": 5} if path == "/coupons" else {}
            answer = await ada.post(path, json=body | {field: given})
            assert answer.status_code == 403, answer.text
