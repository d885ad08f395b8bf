"""Markup of a tenant's own: cleaned where its work can be ended, and left out where it is."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from colonnade.errors import ValidationFailed
from colonnade_notification.wording.markup import SHORT, checked_html, html_or_text_of
from colonnade_notification.wording.templates import FilledTemplate
from colonnade_runtime.workers.pool import WorkerPool

COSTLY = "<div>" * 60_000
"""Elements that are never closed: the work of cleaning them is the square of their number."""


@pytest.fixture
async def ctx() -> AsyncIterator[Any]:
    """What the functions know of the service, with real processes."""
    pool = WorkerPool(1, 8, 512 * 2**20)

    async def in_process(function: Any, *arguments: Any, seconds: float) -> Any:
        person = ("acme", "somebody")
        return await pool.run(function, arguments, seconds=seconds, person=person, left=None)

    yield SimpleNamespace(in_process=in_process, log=structlog.get_logger("markup"))
    await pool.stop()


def words(markup: str | None) -> FilledTemplate:
    return FilledTemplate("en", "Subject", "Hello.\n\nBye.", markup, "")


@pytest.mark.parametrize("length", [10, SHORT + 10])
async def test_what_could_run_is_left_out_of_short_and_long_markup(ctx: Any, length: int) -> None:
    markup = "<p>Hi</p><script>x</script>" + "x" * length
    assert await checked_html(ctx, words(markup)) == "<p>Hi</p>" + "x" * length


async def test_markup_that_takes_too_much_work_is_refused_to_its_author(ctx: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await checked_html(ctx, words(COSTLY))
    assert [field.pointer for field in refused.value.fields] == ["/html"]


async def test_a_message_goes_out_without_such_markup(ctx: Any) -> None:
    assert await html_or_text_of(ctx, words(COSTLY)) == "<p>Hello.</p>\n<p>Bye.</p>"
    assert await html_or_text_of(ctx, words(None)) == "<p>Hello.</p>\n<p>Bye.</p>"
