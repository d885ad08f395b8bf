"""HTML of a message; a tenant's own markup is sanitised in a process whose work can be ended."""

from colonnade.errors import FieldError, ValidationFailed, WorkEnded
from colonnade.services import ServiceContext
from colonnade_notification.wording.layout import paragraphs, sanitised
from colonnade_notification.wording.templates import FilledTemplate

SHORT = 4096
"""Characters of markup that are sanitised in this process: a few milliseconds, however nested."""

SECONDS = 1.0
"""Processor time for longer ones. The work grows with the square of what is left open."""


async def html_of(ctx: ServiceContext, filled: FilledTemplate) -> str:
    """The content of a message as HTML.

    Raises:
        WorkEnded: the tenant's own markup takes too much work.
    """
    if filled.markup is None:
        return paragraphs(filled.body)
    if len(filled.markup) <= SHORT:
        return sanitised(filled.markup)
    return await ctx.in_process(sanitised, filled.markup, seconds=SECONDS)


async def html_or_text_of(ctx: ServiceContext, filled: FilledTemplate) -> str:
    """The content of a message as HTML; made of its text where the markup takes too much work."""
    try:
        return await html_of(ctx, filled)
    except WorkEnded as error:
        ctx.log.warning("markup of a template was passed over", problem=str(error))
        return paragraphs(filled.body)


async def checked_html(ctx: ServiceContext, filled: FilledTemplate) -> str:
    """The content of a message as HTML, for the author of its template.

    Raises:
        ValidationFailed: the markup takes too much work.
    """
    try:
        return await html_of(ctx, filled)
    except WorkEnded:
        message = "takes too much work to clean; close its elements and nest fewer of them"
        raise ValidationFailed(fields=[FieldError("/html", message, "too_costly")]) from None
