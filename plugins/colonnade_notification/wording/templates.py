"""Templates of messages: the tenant's own or the platform's, in the best language."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from colonnade_notification.wording import locales, templating
from colonnade_notification.wording.lines import one_line
from colonnade_notification.wording.templating import TemplateRefused

PLATFORM_LOCALES = ("en", "de")

MAXIMUM_SUBJECT_LINE = 300
"""Characters of a subject or the label of a button, once filled; the rest is left out."""


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The template for one kind of message in one language, in Jinja. `custom` says that it is
    the tenant's own."""

    locale: str
    subject: str
    text: str
    html: str | None = None
    action: str | None = None
    custom: bool = False


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """The content of a message. `body` is plain text, `markup` the tenant's own HTML where it has
    some.

    `problem` says why the tenant's own template, in `problem_locale`, was passed over.
    """

    locale: str
    subject: str
    body: str
    markup: str | None
    action: str
    problem: str = ""
    problem_locale: str = ""


NO_CONTENT = FilledTemplate("en", "", "", None, "")
"""The content of a row whose message is filled when it goes out."""


@lru_cache(maxsize=1)
def platform_texts() -> dict[str, dict[str, Any]]:
    """The platform's templates, by language and kind."""
    folder = files("colonnade_notification.wording") / "texts"
    return {
        locale: tomllib.loads((folder / f"{locale}.toml").read_text(encoding="utf-8"))
        for locale in PLATFORM_LOCALES
    }


def platform_template(kind: str, locale: str) -> MessageTemplate | None:
    """The platform's own template in exactly this language."""
    found = platform_texts().get(locale, {}).get(kind)
    if not isinstance(found, dict):
        return None
    return MessageTemplate(
        locale, found["subject"], found["text"].strip() + "\n", None, found.get("action")
    )


def candidates(
    kind: str, wanted: tuple[str | None, ...], custom: Mapping[str, MessageTemplate]
) -> Iterator[MessageTemplate]:
    """Templates for a message, best first: nearest language, the tenant's own before ours."""
    for locale in locales.fallbacks(*wanted):
        if locale in custom:
            yield custom[locale]
        ours = platform_template(kind, locale)
        if ours is not None:
            yield ours


def fill(
    kind: str,
    facts: Mapping[str, Any],
    wanted: tuple[str | None, ...],
    custom: Mapping[str, MessageTemplate],
) -> FilledTemplate:
    """The content of a message. It never raises: a broken template gives way to the next."""
    problem = problem_locale = ""
    for template in candidates(kind, wanted, custom):
        try:
            filled = fill_template(template, facts)
        except TemplateRefused as error:
            problem, problem_locale = error.message, template.locale
            continue
        if not problem:
            return filled
        return replace(filled, problem=problem, problem_locale=problem_locale)
    name = str(facts.get("academy", {}).get("name", ""))
    return FilledTemplate("en", name, name, None, "", problem, problem_locale)


def fill_template(template: MessageTemplate, facts: Mapping[str, Any]) -> FilledTemplate:
    """One template, filled.

    Raises:
        TemplateRefused: it may not be used, or is too long when filled.
    """
    # Money and dates are written as the reader writes them where that language is the same:
    # an Austrian reads German words with Austrian dates.
    reader = str(facts.get("locale", template.locale))
    same = reader.split("-", maxsplit=1)[0] == template.locale.split("-")[0]
    known = {**facts, "locale": reader if same else template.locale}
    subject = templating.render(template.subject, known, escape=False)
    body = templating.render(template.text, known, escape=False)
    markup = None
    if template.html is not None:
        markup = templating.render(template.html, known, escape=True)
    action = templating.render(template.action or "", known, escape=False)
    return FilledTemplate(
        template.locale, subject_line(subject), body.strip() + "\n", markup, subject_line(action)
    )


def subject_line(text: str) -> str:
    """Text as a subject may hold it: one line, and not too long."""
    return one_line(text)[:MAXIMUM_SUBJECT_LINE]


def unsubscribe_label(locale: str) -> str:
    """The label of unsubscribe links, in a language that we have."""
    for candidate in locales.fallbacks(locale):
        found = platform_texts().get(candidate)
        if found is not None:
            return str(found["unsubscribe"])
    return "Unsubscribe"
