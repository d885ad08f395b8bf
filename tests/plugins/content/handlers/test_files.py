"""Files over HTTP: taken in, told by their bytes, handed out in ranges."""

from content_academy import Academy

TEXT = b"0123456789" * 10


async def test_a_file_comes_back_as_it_was_sent(academy: Academy) -> None:
    made = await academy.teacher.upload(TEXT)
    assert made.status_code == 201, made.text
    assert made.json()["media_type"] == "text/plain"
    answer = await academy.teacher.send("GET", f"/files/{made.json()['id']}/content")
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_range_is_answered_with_these_bytes_alone(academy: Academy) -> None:
    made = (await academy.teacher.upload(TEXT)).json()
    path = f"/files/{made['id']}/content"
    part = await academy.teacher.send("GET", path, headers={"Range": "bytes=10-14"})
    assert (part.status_code, part.content) == (206, b"01234")
    assert part.headers["content-range"] == "bytes 10-14/100"


async def test_a_range_past_the_end_cannot_be_satisfied(academy: Academy) -> None:
    made = (await academy.teacher.upload(TEXT)).json()
    path = f"/files/{made['id']}/content"
    answer = await academy.teacher.send("GET", path, headers={"Range": "bytes=100-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */100"


async def test_who_has_the_bytes_already_gets_none(academy: Academy) -> None:
    made = (await academy.teacher.upload(TEXT)).json()
    path = f"/files/{made['id']}/content"
    tag = (await academy.teacher.send("GET", path)).headers["etag"]
    answer = await academy.teacher.send("GET", path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_range_of_an_older_file_is_answered_with_the_whole(academy: Academy) -> None:
    made = (await academy.teacher.upload(TEXT)).json()
    headers = {"Range": "bytes=0-4", "If-Range": '"older"'}
    path = f"/files/{made['id']}/content"
    answer = await academy.teacher.send("GET", path, headers=headers)
    assert (answer.status_code, answer.content) == (200, TEXT)


async def test_a_file_that_says_it_is_an_image_and_is_none_is_refused(academy: Academy) -> None:
    answer = await academy.teacher.upload(b"<script>", "cat.png", "image/png")
    assert (answer.status_code, answer.json()["code"]) == (415, "content.file_type_mismatch")
    assert await academy.bench.service_context().blobs.list("acme") == ()


async def test_a_file_beyond_the_limit_leaves_nothing_behind(academy: Academy) -> None:
    answer = await academy.teacher.upload(b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413
    assert await academy.bench.service_context().blobs.list("acme") == ()


async def test_the_files_of_one_person_have_room_together_until_some_are_deleted(
    academy: Academy,
) -> None:
    files = [await academy.teacher.upload(b"x" * (1024 * 1024)) for _ in range(3)]
    assert [answer.status_code for answer in files] == [201, 201, 201]
    refused = await academy.teacher.upload(b"x")
    assert (refused.status_code, refused.json()["code"]) == (413, "content_too_large")
    assert len(await academy.bench.service_context().blobs.list("acme")) == 3
    await academy.teacher.send("DELETE", f"/files/{files[0].json()['id']}")
    assert (await academy.teacher.upload(b"x")).status_code == 201


async def test_a_form_that_breaks_off_leaves_nothing_behind(academy: Academy) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await academy.teacher.send("POST", "/files", content=body, headers=headers)
    assert answer.status_code == 400
    assert await academy.bench.service_context().blobs.list("acme") == ()


async def test_a_form_without_a_file_is_refused(academy: Academy) -> None:
    answer = await academy.teacher.send("POST", "/files", files={"other": ("a", b"x")})
    assert answer.status_code == 422


async def test_a_body_that_is_no_form_is_refused(academy: Academy) -> None:
    answer = await academy.teacher.send("POST", "/files", json={"file": "x"})
    assert answer.status_code == 415


async def test_learners_send_no_files(academy: Academy) -> None:
    assert (await academy.learner.upload(TEXT)).status_code == 403


async def test_a_path_that_is_no_id_is_not_found(academy: Academy) -> None:
    assert (await academy.teacher.send("GET", "/files/x/content")).status_code == 404


async def test_a_deleted_file_takes_its_bytes_along(academy: Academy) -> None:
    made = (await academy.teacher.upload(TEXT)).json()
    gone = await academy.teacher.send("DELETE", f"/files/{made['id']}")
    assert gone.status_code == 204
    await academy.bench.settle()
    assert await academy.bench.service_context().blobs.list("acme") == ()
