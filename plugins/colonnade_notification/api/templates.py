"""Templates of messages: the platform's, and the tenant's own in their place."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_notification.api.errors import TooManyTemplates
from colonnade_notification.api.types import Category, Kind, LocaleTag

MAXIMUM_SUBJECT = 300
MAXIMUM_TEXT = 8_000
MAXIMUM_HTML = 24_000

Subject = Annotated[str, Field(min_length=1, max_length=MAXIMUM_SUBJECT, pattern=r"^[^\r\n]*$")]
Text = Annotated[str, Field(min_length=1, max_length=MAXIMUM_TEXT)]
Html = Annotated[str, Field(min_length=1, max_length=MAXIMUM_HTML)]
Action = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\r\n]*$")]


class Template(Message):
    """The template for one kind of message in one language, in Jinja.

    Without `html` the HTML part is made of `text`. `action` is the label of the button.
    `problem` says why a template of the tenant's own was passed over the last time.
    """

    kind: str
    locale: str
    category: Category
    custom: bool = Field(description="Whether it is the tenant's own.")
    subject: str
    text: str
    html: str | None
    action: str | None
    problem: str | None = None
    updated_at: datetime | None = None
    version: int | None = None


class RenderedMessage(Message):
    """A message as its recipient would get it."""

    kind: str
    locale: str
    subject: str
    text: str
    html: str
    facts: dict[str, Any] = Field(description="What it was filled with.")


@operation("notification", action="template.read", idempotent=True)
class ListTemplates(ListRequest[Page[Template]]):
    """List the templates in use, of every kind and language."""

    kind: Kind | None = None
    locale: LocaleTag | None = None


@operation("notification", action="template.read", idempotent=True)
class GetTemplate(Request[Template]):
    """Read the template in use for one kind and language, which may fall back to another."""

    kind: Kind
    locale: LocaleTag


@operation("notification", action="template.update", errors=[TooManyTemplates], per_day=1000)
class PutTemplate(Request[Template]):
    """Put the tenant's own template in place of the platform's, in one language."""

    kind: Kind
    locale: LocaleTag
    subject: Subject
    text: Text
    html: Html | None = None
    action: Action | None = None


@operation("notification", action="template.update", per_day=1000)
class DeleteTemplate(Request[Empty]):
    """Delete the tenant's own template, so that the platform's is used again."""

    kind: Kind
    locale: LocaleTag


@operation("notification", action="template.read")
class PreviewTemplate(Request[RenderedMessage]):
    """Fill a template with sample data: the one in use, or the one given."""

    kind: Kind
    locale: LocaleTag
    subject: Subject | None = None
    text: Text | None = None
    html: Html | None = None
    action: Action | None = None
