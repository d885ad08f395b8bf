"""Sections and lessons over HTTP: adding, ordering, moving, removing."""

from uuid import uuid4

import pytest
from course_bench import CourseBench
from course_journeys import Academy, problem


async def titles(academy: Academy, course_id: str) -> list[tuple[str, list[str]]]:
    outline = (await academy.teacher.get(f"/courses/{course_id}/outline")).json()
    return [
        (section["title"], [lesson["title"] for lesson in section["lessons"]])
        for section in outline["sections"]
    ]


async def test_sections_follow_each_other_in_the_order_they_were_added(academy: Academy) -> None:
    course = await academy.course()
    for title in ("A", "B"):
        await academy.section(course, title=title)
    assert await titles(academy, course["id"]) == [("A", []), ("B", [])]


async def test_a_lesson_at_a_taken_position_moves_the_others_back(academy: Academy) -> None:
    course, section, _ = await academy.course_with_lessons(2)
    lesson = await academy.lesson(section, title="between", position=2)
    assert lesson["position"] == 2
    assert await titles(academy, course["id"]) == [("Section", ["L1", "between", "L2"])]


async def test_lessons_are_put_in_order_by_naming_all_of_them(academy: Academy) -> None:
    course, section, lessons = await academy.course_with_lessons(3)
    ids = [lesson["id"] for lesson in reversed(lessons)]
    answer = await academy.teacher.put(f"/sections/{section['id']}/lessons/order", {"ids": ids})
    assert answer.status_code == 200
    assert [lesson["id"] for lesson in answer.json()["sections"][0]["lessons"]] == ids
    assert await titles(academy, course["id"]) == [("Section", ["L3", "L2", "L1"])]


async def test_sections_are_put_in_order_by_naming_all_of_them(academy: Academy) -> None:
    course = await academy.course()
    first, second = [await academy.section(course, title=title) for title in "AB"]
    ids = [second["id"], first["id"]]
    answer = await academy.teacher.put(f"/courses/{course['id']}/sections/order", {"ids": ids})
    assert [section["id"] for section in answer.json()["sections"]] == ids


async def test_an_order_that_leaves_one_out_is_refused(academy: Academy) -> None:
    _, section, lessons = await academy.course_with_lessons(2)
    url = f"/sections/{section['id']}/lessons/order"
    refused = await academy.teacher.put(url, {"ids": [lessons[0]["id"]]})
    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "/ids"


async def test_lessons_are_listed_in_the_order_of_their_course(academy: Academy) -> None:
    course = await academy.published_course()
    second = await academy.section(course, title="B", position=2)
    first = await academy.section(course, title="A", position=1)
    await academy.lesson(second, title="B1")
    await academy.lesson(first, title="A2", position=2)
    await academy.lesson(first, title="A1", position=1)
    seen: list[str] = []
    url: str | None = f"/lessons?course_id={course['id']}&limit=2"
    while url:
        page = (await academy.visitor.get(url)).json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
        url = f"/lessons?course_id={course['id']}&limit=2&cursor={cursor}" if cursor else None
    assert seen == ["A1", "A2", "B1"]


async def test_a_lesson_moves_to_another_section_of_its_course(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2)
    other = await academy.section(course, title="Other")
    url = f"/lessons/{lessons[0]['id']}"
    moved = await academy.teacher.patch(url, {"section_id": other["id"]})
    assert moved.status_code == 200
    assert await titles(academy, course["id"]) == [("Section", ["L2"]), ("Other", ["L1"])]


async def test_a_lesson_does_not_move_to_another_course(academy: Academy) -> None:
    _, _, lessons = await academy.course_with_lessons(1)
    foreign = await academy.section(await academy.course(slug="other"))
    url = f"/lessons/{lessons[0]['id']}"
    refused = await academy.teacher.patch(url, {"section_id": foreign["id"]})
    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "/section_id"


@pytest.mark.parametrize("kind", ["sections", "lessons"])
async def test_an_external_id_names_one_thing_in_a_course_and_says_which(
    academy: Academy, kind: str
) -> None:
    course, section, _ = await academy.course_with_lessons(0)
    parents = {"sections": {"course_id": course["id"]}, "lessons": {"section_id": section["id"]}}
    body = {"title": "T", "external_id": "episode-1", **parents[kind]}
    made = (await academy.teacher.post(f"/{kind}", body)).json()
    refused = await academy.teacher.post(f"/{kind}", body)
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.duplicate_external_id"
    assert problem(refused)["details"] == {"id": made["id"]}
    query = f"/{kind}?course_id={course['id']}&external_id=episode-1"
    found = (await academy.teacher.get(query)).json()["items"]
    assert [item["id"] for item in found] == [made["id"]]


async def test_two_courses_may_use_the_same_external_id(academy: Academy) -> None:
    for slug in ("a", "b"):
        course = await academy.course(slug=slug)
        section = await academy.section(course, external_id="same")
        assert section["external_id"] == "same"


async def test_a_section_with_lessons_is_not_deleted(academy: Academy) -> None:
    _, section, lessons = await academy.course_with_lessons(1)
    refused = await academy.teacher.delete(f"/sections/{section['id']}")
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.section_in_use"
    assert (await academy.teacher.delete(f"/lessons/{lessons[0]['id']}")).status_code == 204
    assert (await academy.teacher.delete(f"/sections/{section['id']}")).status_code == 204


@pytest.mark.parametrize("path", ["sections", "lessons"])
async def test_what_is_in_a_draft_is_not_there_for_learners(academy: Academy, path: str) -> None:
    course, section, lessons = await academy.course_with_lessons(1)
    thing = {"sections": section, "lessons": lessons[0]}[path]
    assert (await academy.learner.get(f"/{path}/{thing['id']}")).status_code == 404
    listed = await academy.learner.get(f"/{path}?course_id={course['id']}")
    assert listed.json()["items"] == []
    assert (await academy.learner.get(f"/courses/{course['id']}/outline")).status_code == 404


async def test_the_structure_of_a_published_course_is_for_everybody(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(1)
    await academy.teacher.post(f"/courses/{course['id']}/publish")
    assert (await academy.visitor.get(f"/lessons/{lessons[0]['id']}")).status_code == 200
    assert (await academy.visitor.get(f"/courses/{course['id']}/outline")).status_code == 200


async def test_adding_to_a_hidden_course_is_answered_as_if_there_were_none(
    academy: Academy,
) -> None:
    course = await academy.course()
    hidden = await academy.other_teacher.post(
        "/sections", {"course_id": course["id"], "title": "Mine"}
    )
    missing = await academy.other_teacher.post(
        "/sections", {"course_id": str(uuid4()), "title": "Mine"}
    )
    assert hidden.status_code == missing.status_code == 404
    assert problem(hidden) == problem(missing)


async def test_learners_add_nothing_to_a_published_course(academy: Academy) -> None:
    course, section, lessons = await academy.course_with_lessons(1)
    await academy.teacher.post(f"/courses/{course['id']}/publish")
    learner = academy.learner
    answers = [
        await learner.post("/sections", {"course_id": course["id"], "title": "Mine"}),
        await learner.post("/lessons", {"section_id": section["id"], "title": "Mine"}),
        await learner.patch(f"/lessons/{lessons[0]['id']}", {"title": "Mine"}),
        await learner.delete(f"/lessons/{lessons[0]['id']}"),
        await learner.put(f"/sections/{section['id']}/lessons/order", {"ids": []}),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_a_lesson_shows_nothing_that_its_maker_may_not(
    academy: Academy, bench: CourseBench
) -> None:
    section = await academy.section(await academy.course())
    foreign, own = uuid4(), uuid4()
    bench.unpublishable.add(foreign)
    body = {"section_id": section["id"], "title": "L", "content_id": str(foreign), "preview": True}
    refused = await academy.teacher.post("/lessons", body)
    assert refused.status_code == 422
    made = (await academy.teacher.post("/lessons", body | {"content_id": str(own)})).json()
    path = f"/lessons/{made['id']}"
    changed = await academy.teacher.patch(path, {"content_id": str(foreign)})
    assert (changed.status_code, changed.json()["errors"][0]["pointer"]) == (422, "/content_id")
    # What it shows already is sent back with other changes, whoever chose it.
    bench.unpublishable.add(own)
    assert (await academy.teacher.patch(path, {"content_id": str(own)})).status_code == 200
