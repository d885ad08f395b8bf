"""Texts over HTTP: rendered once, before they are kept, in processes that can be ended."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from content_academy import Academy, academy_on
from PIL import Image
from sqlalchemy import delete, update

from colonnade.store import Session
from colonnade_content import plugin
from colonnade_content.media import processing
from colonnade_content.models import ContentRow, RenderingRow
from colonnade_content.rendering import renderings
from colonnade_runtime.testing import ServiceBench
from colonnade_runtime.workers.pool import WorkerPool

MEMORY = 512 * 2**20
BRACKETS = "[" * 60_000


@pytest.fixture
async def workers(academy: Academy) -> AsyncIterator[WorkerPool]:
    """Real processes in place of none."""
    pool = WorkerPool(1, 8, MEMORY)
    academy.bench.service_context().workers = pool
    yield pool
    await pool.stop()


async def _make(academy: Academy, body: str, **fields: Any) -> Any:
    values = {"kind": "markdown", "title": "Text", "body": body} | fields
    return await academy.teacher.send("POST", "/content", json=values)


async def _titles(academy: Academy) -> list[str]:
    return [
        item["title"] for item in (await academy.teacher.send("GET", "/content")).json()["items"]
    ]


async def test_a_text_is_rendered_once_and_never_at_a_read(
    academy: Academy, workers: WorkerPool
) -> None:
    made = (await _make(academy, "*one*")).json()
    path = f"/content/{made['id']}"
    for _ in range(3):
        assert (await academy.teacher.send("GET", path)).json()["html"] == made["html"]
    await academy.teacher.send("PATCH", path, json={"title": "T", "body": "*one*"})
    assert workers.outcomes == {"ok": 1}
    changed = await academy.teacher.send("PATCH", path, json={"body": "*two*"})
    assert changed.json()["html"] == "<p><em>two</em></p>\n"
    assert (await academy.teacher.send("GET", path)).json()["html"] == changed.json()["html"]
    assert workers.outcomes == {"ok": 2}


@pytest.mark.parametrize("body", [BRACKETS, "<td>" * 300, "> " * 50 + "x"])
async def test_what_cannot_be_rendered_is_refused_whole(
    academy: Academy, workers: WorkerPool, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(renderings, "SECONDS", 0.5)
    before = (await _make(academy, "fine", title="Before")).json()
    for answer in (
        await _make(academy, body),
        await academy.teacher.send("PATCH", f"/content/{before['id']}", json={"body": body}),
    ):
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/body"]
    assert await _titles(academy) == ["Before"]
    after = (await academy.teacher.send("GET", f"/content/{before['id']}")).json()
    assert (after["body"], after["html"]) == ("fine", "<p>fine</p>\n")


async def test_nobody_who_may_not_write_causes_work(academy: Academy, workers: WorkerPool) -> None:
    made = (await _make(academy, "x")).json()
    for person in (academy.visitor, academy.learner):
        answer = await person.send("PATCH", f"/content/{made['id']}", json={"body": BRACKETS})
        assert answer.status_code in (401, 403, 404)
    assert workers.outcomes == {"ok": 1}


async def _age(academy: Academy, content_id: str, body: str) -> None:
    """Make an item as one of a release that kept no HTML."""

    def work(session: Session) -> None:
        session.execute(delete(RenderingRow))
        is_it = ContentRow.id == UUID(content_id)
        session.execute(update(ContentRow).where(is_it).values(body=body))

    await academy.bench.run(work)


async def test_an_older_text_is_rendered_at_its_first_read(
    academy: Academy, workers: WorkerPool
) -> None:
    made = (await _make(academy, "x")).json()
    await _age(academy, made["id"], "*old*")
    answers = [await academy.teacher.send("GET", f"/content/{made['id']}") for _ in range(3)]
    assert [answer.json()["html"] for answer in answers] == ["<p><em>old</em></p>\n"] * 3
    assert workers.outcomes == {"ok": 2}


async def test_an_older_text_that_cannot_be_rendered_is_shown_as_it_was_written(
    academy: Academy, workers: WorkerPool
) -> None:
    made = (await _make(academy, "x")).json()
    await _age(academy, made["id"], "<td>" * 300)
    answers = [await academy.teacher.send("GET", f"/content/{made['id']}") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json()["html"] == "<pre>" + "&lt;td&gt;" * 300 + "</pre>"
    assert workers.outcomes == {"ok": 1, "failed": 1}


async def test_older_texts_are_rendered_before_anybody_reads_them(
    academy: Academy, workers: WorkerPool
) -> None:
    for number in range(13):
        await _make(academy, str(number))
    await academy.bench.run(lambda session: session.execute(delete(RenderingRow)))
    await academy.bench.run_schedule("render-outdated")
    await academy.bench.run_schedule("render-outdated")
    assert workers.outcomes == {"ok": 26}


async def test_every_text_within_the_limit_fits_in_a_request(academy: Academy) -> None:
    escaped = '{"kind": "markdown", "title": "T", "body": "' + "\\ud83d\\ude00" * 200_000 + '"}'
    headers = {"Content-Type": "application/json"}
    made = await academy.teacher.send("POST", "/content", content=escaped, headers=headers)
    assert made.status_code == 201
    assert made.json()["body"] == "😀" * 200_000
    path = f"/content/{made.json()['id']}"
    body = {"body": "学" * 200_000}
    assert (await academy.teacher.send("PATCH", path, json=body)).status_code == 200
    beyond = await academy.teacher.send("PATCH", path, json={"body": "学" * 200_001})
    assert (beyond.status_code, beyond.json()["errors"][0]["pointer"]) == (422, "/body")


async def test_a_picture_that_takes_too_long_fails_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processing, "PICTURE_SECONDS", 0.05)
    picture = BytesIO()
    Image.effect_noise((3000, 2000), 50).save(picture, "PNG", compress_level=0)
    large = {"maximum_file_size": "32MiB", "maximum_stored": "32MiB"}
    platform = {"gateway": {"max_body": "40MiB"}}
    async with ServiceBench(plugin, config={"content": large}, platform=platform) as bench:
        bench.service_context().workers = pool = WorkerPool(1, 8, MEMORY)
        await _expect_too_much(academy_on(bench), picture.getvalue())
        await pool.stop()


async def _expect_too_much(academy: Academy, picture: bytes) -> None:
    # The process is there by then, so that only the picture takes time.
    assert (await _make(academy, "x")).status_code == 201
    file = (await academy.teacher.upload(picture, "a.png", "image/png")).json()
    made = (await academy.teacher.send("POST", "/media", json={"file_id": file["id"]})).json()
    await academy.bench.settle()
    after = (await academy.teacher.send("GET", f"/media/{made['id']}")).json()
    assert (after["state"], after["failure"]) == ("failed", "This takes more work than is allowed.")
