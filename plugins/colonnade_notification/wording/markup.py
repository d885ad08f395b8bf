"""The HTML of a message; a tenant's own markup is cleaned where that work can be ended."""

from colonnade.errors import FieldError, ValidationFailed, WorkEnded
from colonnade.services import ServiceContext
from colonnade_notification.wording.catalogue import Words
from colonnade_notification.wording.layout import cleaned, paragraphs

SHORT = 4096
"""Characters of markup that are cleaned at once: a few milliseconds, however they are nested."""

SECONDS = 1.0
"""Processor time for longer ones. The work grows with the square of what is left open."""


async def html_of(ctx: ServiceContext, words: Words) -> str:
    """The words as HTML.

    Raises:
        WorkEnded: the tenant's own markup takes too much work.
    """
    if words.markup is None:
        return paragraphs(words.body)
    if len(words.markup) <= SHORT:
        return cleaned(words.markup)
    return await ctx.in_process(cleaned, words.markup, seconds=SECONDS)


async def html_or_text_of(ctx: ServiceContext, words: Words) -> str:
    """The words as HTML; without the tenant's own markup where that takes too much work."""
    try:
        return await html_of(ctx, words)
    except WorkEnded as error:
        ctx.log.warning("markup of a template was passed over", problem=str(error))
        return paragraphs(words.body)


async def checked_html(ctx: ServiceContext, words: Words) -> str:
    """The words as HTML, for whoever writes the template.

    Raises:
        ValidationFailed: the markup takes too much work.
    """
    try:
        return await html_of(ctx, words)
    except WorkEnded:
        message = "takes too much work to clean; close its elements and nest fewer of them"
        raise ValidationFailed(fields=[FieldError("/html", message, "too_costly")]) from None
