"""Kinds of messages that other plugins bring: the contract of the hook `notifications`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from colonnade.events import Event
from colonnade_notification.api.types import Category

MAXIMUM_RECIPIENTS = 100
"""Persons that one event is announced to; a plugin that tells more publishes more events."""


@dataclass(frozen=True, slots=True)
class NotificationCategory:
    """Category of a plugin's own, which people turn on and off by itself.

    `name` is lower case, at most 20 characters, and kept in rows: never rename it. `titles` has
    what people read, by language. It goes by what people chose for `counts_as` until they choose
    for itself, and appears as that where only the platform's categories are known.
    """

    name: str
    titles: Mapping[str, str]
    counts_as: Category = Category.LEARNING


@dataclass(frozen=True, slots=True)
class NotificationText:
    """Templates of one kind in one language, in Jinja; `action` is the label of its button."""

    subject: str
    text: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """Kind of message: what an event tells whom, in which words.

    `recipients` names the accounts, at most 100, and `facts` what the templates are filled with;
    without it, the fields of the event. Both are plain functions of the event. `texts` has the
    templates by language, one of which is `en`; an academy may put its own in their place.
    `sample` are facts for previews: templates may use no others. `path` is that of its link on
    the academy's host, with facts in braces: `/certificates/{code}`. A `decision` is not announced
    to the person who took it.
    """

    name: str
    event: type[Event]
    recipients: Callable[[Any], Iterable[UUID]]
    texts: Mapping[str, NotificationText]
    sample: Mapping[str, Any] = field(default_factory=dict)
    category: Category | NotificationCategory = Category.LEARNING
    facts: Callable[[Any], Mapping[str, Any]] | None = None
    path: str = "/"
    decision: bool = False
