"""Who was an instructor and is none any more, over HTTP, on the demo declaration."""

import asyncio

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import created, learner, owner, visitor


@pytest.mark.journey
async def test_whoever_loses_the_role_reads_no_drafts_any_more(platform: RunningPlatform) -> None:
    chief = await owner(platform.url, "acme")
    grace = await learner(platform.url, "acme", "grace")
    account = f"/users/{(await grace.get('/users/me')).json()['id']}"
    await _appoint(chief, account, "instructor")
    course = (await created(grace, "/courses", {"title": "Draft", "slug": "draft"}))["id"]
    section = (await created(grace, "/sections", {"course_id": course, "title": "Start"}))["id"]
    text = {"kind": "markdown", "title": "Hello", "body": "Not yet for everybody."}
    content = (await created(grace, "/content", text))["id"]
    lesson = {"section_id": section, "title": "Hello", "content_id": content, "preview": True}
    await created(grace, "/lessons", lesson)
    # By the time that visitors read the preview, and no longer do, content has heard of it all.
    shown = f"/content/{content}"
    async with visitor(platform.url, "acme") as anybody:
        await grace.post(f"/courses/{course}/publish")
        await _answers(anybody, shown, 200)
        await grace.post(f"/courses/{course}/unpublish")
        await _answers(anybody, shown, 404)
    await _appoint(chief, account, "learner")
    assert (await grace.get(f"/courses/{course}")).status_code == 404
    assert (await grace.get(shown)).status_code == 404


async def _answers(client: httpx.AsyncClient, path: str, status: int) -> None:
    async with asyncio.timeout(20):
        while (await client.get(path)).status_code != status:
            await asyncio.sleep(0.02)


async def _appoint(chief: httpx.AsyncClient, account: str, role: str) -> None:
    answer = await chief.patch(account, json={"role": role})
    assert answer.status_code == 200, answer.text
