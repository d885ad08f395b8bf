"""Courses over HTTP: drafting, publishing, finding, changing, deleting."""

from uuid import UUID, uuid4

import pytest
from course_bench import CourseBench
from course_journeys import Academy, problem

SOMETHING = "019a3f0e-5a7c-7c1e-9a53-0d6f2f1f8c11"


async def test_a_new_course_is_a_draft_at_its_location_with_its_version(academy: Academy) -> None:
    created = await academy.teacher.post("/courses", {"title": "Python", "slug": "python"})
    assert created.status_code == 201
    course = created.json()
    assert course["status"] == "draft"
    assert course["price"] is None
    assert created.headers["location"] == f"/api/v1/courses/{course['id']}"
    assert created.headers["etag"] == '"1"'


async def test_a_course_reads_as_it_was_written(academy: Academy) -> None:
    written = {
        "title": "Datenanalyse für alle",
        "slug": "daten-analyse-2",
        "summary": "Zwei\nZeilen",
        "price": {"amount": 4900, "currency": "EUR"},
        "seats": 10,
        "language": "de",
        "license": "CC-BY-4.0",
        "attribution": "The Carpentries",
        "external_id": "carpentries/python",
    }
    course = await academy.course(**written)
    read = (await academy.teacher.get(f"/courses/{course['id']}")).json()
    assert {name: read[name] for name in written} == written


@pytest.mark.parametrize("who", ["learner", "visitor", "other_teacher"])
async def test_a_draft_is_not_there_for_those_who_do_not_teach_it(
    academy: Academy, who: str
) -> None:
    caller = getattr(academy, who)
    course = await academy.course()
    missing = await caller.get(f"/courses/{uuid4()}")
    hidden = await caller.get(f"/courses/{course['id']}")
    assert hidden.status_code == missing.status_code == 404
    assert problem(hidden) == problem(missing)
    assert (await caller.get("/courses")).json()["items"] == []


@pytest.mark.parametrize("who", ["teacher", "learner", "visitor", "other_teacher", "owner"])
async def test_a_published_course_is_for_everybody(academy: Academy, who: str) -> None:
    caller = getattr(academy, who)
    course = await academy.published_course()
    assert (await caller.get(f"/courses/{course['id']}")).status_code == 200
    listed = (await caller.get("/courses")).json()["items"]
    assert [item["id"] for item in listed] == [course["id"]]


async def test_unpublishing_hides_a_course_again(academy: Academy) -> None:
    course = await academy.published_course()
    assert (await academy.visitor.get(f"/courses/{course['id']}")).status_code == 200
    hidden = await academy.teacher.post(f"/courses/{course['id']}/unpublish")
    assert hidden.status_code == 200
    assert hidden.json()["status"] == "draft"
    assert (await academy.visitor.get(f"/courses/{course['id']}")).status_code == 404


async def test_publishing_twice_changes_nothing_the_second_time(academy: Academy) -> None:
    course = await academy.published_course()
    again = await academy.teacher.post(f"/courses/{course['id']}/publish")
    assert again.status_code == 200
    assert again.json() == course


async def test_a_slug_belongs_to_one_course(academy: Academy) -> None:
    course = await academy.course(slug="python")
    refused = await academy.teacher.post("/courses", {"title": "Another", "slug": "python"})
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.slug_taken"
    assert problem(refused)["details"] == {"course_id": course["id"]}


async def test_a_taken_slug_cannot_be_changed_to(academy: Academy) -> None:
    await academy.course(slug="python")
    other = await academy.course(slug="rust")
    refused = await academy.teacher.patch(f"/courses/{other['id']}", {"slug": "python"})
    assert refused.status_code == 409


async def test_a_price_in_another_currency_is_refused_with_a_pointer(academy: Academy) -> None:
    price = {"amount": 4900, "currency": "USD"}
    refused = await academy.teacher.post("/courses", {"title": "P", "slug": "p", "price": price})
    assert refused.status_code == 422
    assert [error["pointer"] for error in problem(refused)["errors"]] == ["/price/currency"]


async def test_what_a_patch_leaves_out_stays(academy: Academy) -> None:
    course = await academy.course(summary="Old", seats=5)
    changed = await academy.teacher.patch(f"/courses/{course['id']}", {"summary": "New"})
    assert changed.status_code == 200
    assert (changed.json()["summary"], changed.json()["seats"]) == ("New", 5)
    assert changed.json()["version"] == course["version"] + 1


async def test_null_takes_an_optional_value_away(academy: Academy) -> None:
    course = await academy.course(price={"amount": 100, "currency": "EUR"}, seats=5)
    changed = await academy.teacher.patch(
        f"/courses/{course['id']}", {"price": None, "seats": None}
    )
    assert (changed.json()["price"], changed.json()["seats"]) == (None, None)


async def test_null_for_what_must_be_there_is_refused_with_a_pointer(academy: Academy) -> None:
    course = await academy.course()
    refused = await academy.teacher.patch(f"/courses/{course['id']}", {"title": None})
    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "/title"


async def test_a_change_to_another_version_than_named_is_refused(academy: Academy) -> None:
    course = await academy.course()
    url = f"/courses/{course['id']}"
    first = await academy.teacher.patch(url, {"title": "One"}, {"If-Match": '"1"'})
    second = await academy.teacher.patch(url, {"title": "Two"}, {"If-Match": '"1"'})
    assert (first.status_code, second.status_code) == (200, 412)
    assert (await academy.teacher.get(url)).json()["title"] == "One"


@pytest.mark.parametrize("who", ["learner", "other_teacher"])
async def test_a_published_course_is_changed_by_those_who_teach_it_only(
    academy: Academy, who: str
) -> None:
    caller = getattr(academy, who)
    course = await academy.published_course()
    url = f"/courses/{course['id']}"
    assert (await caller.patch(url, {"title": "Mine"})).status_code == 403
    assert (await caller.post(f"{url}/unpublish")).status_code == 403
    assert (await caller.delete(url)).status_code == 403


async def test_learners_and_visitors_make_no_courses(academy: Academy) -> None:
    body = {"title": "P", "slug": "p"}
    assert (await academy.learner.post("/courses", body)).status_code == 403
    assert (await academy.visitor.post("/courses", body)).status_code == 401


async def test_the_owner_may_change_any_course(academy: Academy) -> None:
    course = await academy.course()
    changed = await academy.owner.patch(f"/courses/{course['id']}", {"title": "Better"})
    assert changed.status_code == 200


async def test_a_read_after_a_change_shows_the_change(academy: Academy) -> None:
    course = await academy.published_course()
    url = f"/courses/{course['id']}"
    assert (await academy.learner.get(url)).json()["title"] == course["title"]
    await academy.teacher.patch(url, {"title": "Fresh"})
    assert (await academy.learner.get(url)).json()["title"] == "Fresh"


async def test_a_deleted_course_is_gone_with_what_was_in_it(academy: Academy) -> None:
    course, _, lessons = await academy.course_with_lessons(2)
    gone = await academy.teacher.delete(f"/courses/{course['id']}")
    assert gone.status_code == 204
    assert (await academy.owner.get(f"/courses/{course['id']}")).status_code == 404
    assert (await academy.owner.get(f"/lessons/{lessons[0]['id']}")).status_code == 404


async def test_a_course_with_learners_is_not_deleted(academy: Academy) -> None:
    course = await academy.published_course()
    enrollment = await academy.enrol(academy.learner, course)
    refused = await academy.teacher.delete(f"/courses/{course['id']}")
    assert refused.status_code == 409
    assert problem(refused)["code"] == "course.in_use"
    await academy.learner.post(f"/enrollments/{enrollment['id']}/end")
    assert (await academy.teacher.delete(f"/courses/{course['id']}")).status_code == 204


async def test_the_catalogue_is_found_by_slug_external_id_status_and_title(
    academy: Academy,
) -> None:
    over = await academy.course(title="Über Python", slug="a", external_id="x")
    await academy.published_course(title="Rust 100%", slug="b")

    async def found(query: str) -> list[str]:
        answer = await academy.teacher.get(f"/courses?{query}")
        return [item["slug"] for item in answer.json()["items"]]

    assert await found("slug=a") == ["a"]
    assert await found("external_id=x") == [over["slug"]]
    assert await found("status=published") == ["b"]
    assert await found("q=ÜBER") == ["a"]
    assert await found("q=u%CC%88ber") == ["a"]
    assert await found("q=100%25") == ["b"]
    assert await found("q=_") == []
    assert await found("sort=title") == ["b", "a"]


async def test_pages_of_the_catalogue_neither_repeat_nor_skip(academy: Academy) -> None:
    slugs = [f"course-{number}" for number in range(5)]
    for slug in slugs:
        await academy.published_course(slug=slug)
    seen: list[str] = []
    url: str | None = "/courses?limit=2"
    while url:
        page = await academy.visitor.get(url)
        seen += [item["slug"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        url = f"/courses?limit=2&cursor={cursor}" if cursor else None
    assert seen == slugs[::-1]


async def test_a_list_links_to_its_next_page_with_the_same_filters(academy: Academy) -> None:
    for _ in range(3):
        await academy.published_course()
    page = await academy.visitor.get("/courses?status=published&limit=2")
    link = page.headers["link"]
    url = link.removeprefix("</api/v1").partition(">")[0]
    assert link.endswith('rel="next"')
    assert len((await academy.visitor.get(url)).json()["items"]) == 1


async def test_somebody_added_teaches_the_course_and_somebody_removed_does_not(
    academy: Academy,
) -> None:
    course = await academy.course()
    url = f"/courses/{course['id']}"
    user_id = academy.other_teacher.user_id
    added = await academy.teacher.post(f"{url}/instructors", {"user_id": user_id})
    assert added.status_code == 201
    assert (await academy.other_teacher.patch(url, {"title": "Ours"})).status_code == 200
    listed = (await academy.teacher.get(f"{url}/instructors")).json()["items"]
    assert {item["user_id"] for item in listed} == {academy.teacher.user_id, user_id}
    assert (await academy.teacher.delete(f"{url}/instructors/{user_id}")).status_code == 204
    assert (await academy.other_teacher.get(url)).status_code == 404


async def test_nobody_teaches_who_has_no_account_or_a_learners(academy: Academy) -> None:
    """What a course earns would be theirs."""
    course = await academy.course()
    url = f"/courses/{course['id']}/instructors"
    for user_id in (str(uuid4()), academy.learner.user_id):
        answer = await academy.teacher.post(url, {"user_id": user_id})
        assert (answer.status_code, answer.json()["code"]) == (409, "course.not_a_teacher")
    assert len((await academy.teacher.get(url)).json()["items"]) == 1


async def test_who_may_not_let_people_teach_does_not_learn_who_could(academy: Academy) -> None:
    course = await academy.course()
    url = f"/courses/{course['id']}/instructors"
    answers = [
        await academy.learner.post(url, {"user_id": user_id})
        for user_id in (str(uuid4()), academy.other_teacher.user_id)
    ]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json()["code"] == answers[1].json()["code"]


async def test_removing_somebody_who_does_not_teach_is_not_found(academy: Academy) -> None:
    course = await academy.course()
    url = f"/courses/{course['id']}/instructors/{uuid4()}"
    assert (await academy.teacher.delete(url)).status_code == 404


CATALOGUED = {
    "description": "# Arrays\n\n*Plots* <script>",
    "level": "beginner",
    "categories": ['Data "science"', "Über 50 %"],
    "cover_media_id": SOMETHING,
}


async def test_what_a_catalogue_shows_reads_as_it_was_written_in_lists_and_outlines(
    academy: Academy,
) -> None:
    course = await academy.published_course(**CATALOGUED)
    read = (await academy.visitor.get(f"/courses/{course['id']}")).json()
    outline = (await academy.visitor.get(f"/courses/{course['id']}/outline")).json()
    [listed] = (await academy.visitor.get("/courses")).json()["items"]
    for shown in (read, outline["course"], listed):
        assert {name: shown[name] for name in CATALOGUED} == CATALOGUED
    change = {"level": None, "categories": [], "description": "", "cover_media_id": None}
    changed = await academy.teacher.patch(f"/courses/{course['id']}", change)
    assert {name: changed.json()[name] for name in CATALOGUED} == change


async def test_courses_are_found_by_category_level_and_language(academy: Academy) -> None:
    course = await academy.published_course(**CATALOGUED, language="de")
    await academy.published_course(categories=["Data", "50"], level="advanced", language="en")
    for query in ("level=beginner", "language=de", "category=%C3%9Cber 50 %25"):
        listed = (await academy.visitor.get(f"/courses?{query}")).json()["items"]
        assert [item["id"] for item in listed] == [course["id"]], query
    for query in ("category=science", 'category=Data "', "category=%25"):
        assert (await academy.visitor.get(f"/courses?{query}")).json()["items"] == [], query


async def test_a_cover_is_a_picture_that_its_setter_may_publish(
    academy: Academy, bench: CourseBench
) -> None:
    bench.unpublishable.add(UUID(SOMETHING))
    course = await academy.course()
    body = {"title": "R", "slug": "r", "cover_media_id": SOMETHING}
    for answer in (
        await academy.teacher.post("/courses", body),
        await academy.teacher.patch(f"/courses/{course['id']}", {"cover_media_id": SOMETHING}),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/cover_media_id"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("level", "expert"),
        ("categories", ["A", "A"]),
        ("categories", [""]),
        ("categories", [str(number) for number in range(11)]),
        ("categories", None),
        ("description", "x" * 20_001),
    ],
)
async def test_what_a_catalogue_cannot_show_is_refused(
    academy: Academy, field: str, value: object
) -> None:
    answer = await academy.teacher.post("/courses", {"title": "R", "slug": "r", field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")


async def test_courses_are_found_by_their_ids(academy: Academy) -> None:
    courses = [await academy.published_course() for _ in range(3)]
    draft = await academy.course()
    ids = [courses[0]["id"], courses[2]["id"], draft["id"], str(uuid4())]
    listed = (await academy.learner.get(f"/courses?ids={','.join(ids)}")).json()["items"]
    assert {item["id"] for item in listed} == {courses[0]["id"], courses[2]["id"]}


@pytest.mark.parametrize("ids", ["", "1", f"{SOMETHING},", ",".join([SOMETHING] * 101)])
async def test_ids_that_are_none_or_too_many_are_refused(academy: Academy, ids: str) -> None:
    answer = await academy.learner.get(f"/courses?ids={ids}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?ids")


async def test_one_lists_the_courses_one_teaches(academy: Academy) -> None:
    mine = await academy.course()
    await academy.published_course()
    body = {"user_id": academy.other_teacher.user_id}
    assert (await academy.teacher.post(f"/courses/{mine['id']}/instructors", body)).is_success
    listed = (await academy.other_teacher.get("/courses?teaches=me")).json()["items"]
    assert [item["id"] for item in listed] == [mine["id"]]
    for nobody in (academy.learner, academy.visitor):
        assert (await nobody.get("/courses?teaches=me")).json()["items"] == []
    path = f"/courses/{mine['id']}/instructors/{academy.other_teacher.user_id}"
    assert (await academy.teacher.delete(path)).status_code == 204
    assert (await academy.other_teacher.get("/courses?teaches=me")).json()["items"] == []


async def test_a_long_list_comes_compressed_and_a_course_with_its_entity_tag_does_not(
    academy: Academy,
) -> None:
    course = await academy.published_course(summary="Arrays and plots. " * 200)
    headers = {"Accept-Encoding": "br, gzip"}
    listed = await academy.visitor.send("GET", "/courses", headers=headers)
    assert listed.headers["content-encoding"] == "br"
    assert "Accept-Encoding" in listed.headers["vary"]
    assert listed.json()["items"][0]["id"] == course["id"]
    plain = await academy.visitor.send("GET", "/courses", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == listed.json()
    read = await academy.visitor.send("GET", f"/courses/{course['id']}", headers=headers)
    assert ("content-encoding" in read.headers, read.headers["etag"]) == (False, '"2"')
