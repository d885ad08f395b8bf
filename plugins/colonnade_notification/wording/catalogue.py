"""Catalogue of the kinds of messages: the platform's, and those that plugins bring."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from colonnade.errors import ConfigurationError
from colonnade.store import Session
from colonnade_notification.api import Category, NotificationCategory, NotificationKind
from colonnade_notification.wording import templating
from colonnade_notification.wording.kinds import KINDS, MessageKind, sample_of
from colonnade_notification.wording.rendering import custom_templates
from colonnade_notification.wording.templates import (
    PLATFORM_LOCALES,
    MessageTemplate,
    platform_template,
)
from colonnade_notification.wording.templating import TemplateRefused

_KIND = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,19}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_REQUIRED_LANGUAGE = "en"


class MessageCatalogue:
    """Kinds, categories and templates by name. One that no enabled plugin brings any more is not
    there, although rows may still be of it.

    Raises:
        ConfigurationError: what plugins bring contradicts itself or cannot be used.
    """

    def __init__(self, brought: Sequence[NotificationKind] = ()) -> None:
        self.kinds: dict[str, MessageKind] = dict(KINDS)
        self.own_categories: dict[str, NotificationCategory] = {}
        self._texts: dict[str, dict[str, MessageTemplate]] = {}
        for kind in brought:
            self._add(kind)

    def templates(self, session: Session, kind: str) -> dict[str, MessageTemplate]:
        """The templates of a kind by language, the tenant's own before those of its plugin; the
        platform's kinds have theirs besides."""
        return self._texts.get(kind, {}) | custom_templates(session, kind)

    def brought_template(self, kind: str, locale: str) -> MessageTemplate | None:
        """The platform's or the plugin's template in exactly this language."""
        return self._texts.get(kind, {}).get(locale) or platform_template(kind, locale)

    def languages(self) -> Iterator[tuple[str, str]]:
        """Each kind with each language in which the platform or its plugin has words for it."""
        for kind in self.kinds:
            yield from ((kind, locale) for locale in self._texts.get(kind, PLATFORM_LOCALES))

    def own_category(self, kind: str) -> str:
        """The name of the category of its plugin's own that a kind is in; empty for none."""
        found = self.kinds.get(kind)
        return "" if found is None else found.own_category

    def _add(self, kind: NotificationKind) -> None:
        if _KIND.fullmatch(kind.name) is None:
            raise ConfigurationError(
                f"A plugin brings a kind of message '{kind.name}', which is no name for one: use "
                "at most 60 of a-z, 0-9 and '_', a letter first."
            )
        if kind.name in self.kinds:
            raise ConfigurationError(
                f"Two enabled plugins bring a kind of message '{kind.name}', or the platform has "
                "it: it has to have another name in one of them."
            )
        category, own = kind.category, ""
        if isinstance(category, NotificationCategory):
            self._add_category(category)
            category, own = category.counts_as, category.name
        made = MessageKind(
            kind.name, category, kind.sample, kind.path, decision=kind.decision, own_category=own
        )
        self._texts[kind.name] = _checked_texts(kind, made)
        self.kinds[kind.name] = made

    def _add_category(self, category: NotificationCategory) -> None:
        known = self.own_categories.setdefault(category.name, category)
        wrong = (
            _CATEGORY.fullmatch(category.name) is None
            or category.name in set(Category)
            or _REQUIRED_LANGUAGE not in category.titles
        )
        if wrong:
            raise ConfigurationError(
                f"A plugin brings a category of messages '{category.name}': it needs a name of "
                "its own, of at most 20 of a-z, 0-9 and '_', and a title in 'en'."
            )
        if known != category:
            raise ConfigurationError(
                f"Two enabled plugins bring a category of messages '{category.name}' that differ: "
                "it has to have another name in one of them."
            )


def _checked_texts(kind: NotificationKind, made: MessageKind) -> dict[str, MessageTemplate]:
    if _REQUIRED_LANGUAGE not in kind.texts:
        raise ConfigurationError(f"The kind of message '{kind.name}' has no text in 'en'.")
    known = _facts_of(kind, made)
    found = {}
    for locale, text in kind.texts.items():
        if _LANGUAGE.fullmatch(locale) is None:
            raise ConfigurationError(
                f"The kind of message '{kind.name}' has a text in '{locale}', which is no language "
                "such as 'en' or 'de-AT'."
            )
        body = text.text.strip() + "\n"
        for source in (text.subject, body, text.action or ""):
            _check(kind.name, locale, source, known)
        found[locale] = MessageTemplate(locale, text.subject, body, None, text.action)
    return found


def _facts_of(kind: NotificationKind, made: MessageKind) -> Mapping[str, Any]:
    try:
        json.dumps(dict(kind.sample))
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"The sample of the kind of message '{kind.name}' is no plain data: {error}."
        ) from error
    return sample_of(made, "Acme", _REQUIRED_LANGUAGE, "UTC")


def _check(kind: str, locale: str, source: str, known: Mapping[str, Any]) -> None:
    try:
        templating.check(source, known)
        templating.render(source, known, escape=False)
    except TemplateRefused as error:
        raise ConfigurationError(
            f"The text of the kind of message '{kind}' in '{locale}' cannot be used. "
            f"{error.message} Facts are those of its sample."
        ) from error
