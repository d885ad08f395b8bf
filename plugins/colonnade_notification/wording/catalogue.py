"""Which words a message is made of: the tenant's own or the platform's, in the best language."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from colonnade_notification.channels.email import headers
from colonnade_notification.wording import locales, templating
from colonnade_notification.wording.templating import TemplateRefused

PLATFORM_LOCALES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Wording:
    """A template: the words for one kind of message in one language."""

    locale: str
    subject: str
    text: str
    html: str | None = None
    action: str | None = None
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A template filled. `body` is plain text, `markup` the tenant's own HTML where it has some.

    `problem` says why the tenant's own template, in `problem_locale`, was passed over.
    """

    locale: str
    subject: str
    body: str
    markup: str | None
    action: str
    problem: str = ""
    problem_locale: str = ""


@lru_cache(maxsize=1)
def platform_texts() -> dict[str, dict[str, Any]]:
    """Language → what its file says."""
    folder = files("colonnade_notification.wording") / "texts"
    return {
        locale: tomllib.loads((folder / f"{locale}.toml").read_text(encoding="utf-8"))
        for locale in PLATFORM_LOCALES
    }


def platform_wording(kind: str, locale: str) -> Wording | None:
    """The platform's own words in exactly this language."""
    found = platform_texts().get(locale, {}).get(kind)
    if not isinstance(found, dict):
        return None
    return Wording(
        locale, found["subject"], found["text"].strip() + "\n", None, found.get("action")
    )


def candidates(
    kind: str, wanted: tuple[str | None, ...], custom: Mapping[str, Wording]
) -> Iterator[Wording]:
    """Templates for a message, best first: nearest language, the tenant's own before ours."""
    for locale in locales.fallbacks(*wanted):
        if locale in custom:
            yield custom[locale]
        ours = platform_wording(kind, locale)
        if ours is not None:
            yield ours


def fill(
    kind: str,
    facts: Mapping[str, Any],
    wanted: tuple[str | None, ...],
    custom: Mapping[str, Wording],
) -> Words:
    """The message in words. It never raises: a broken template gives way to the next."""
    problem = problem_locale = ""
    for wording in candidates(kind, wanted, custom):
        try:
            words = fill_one(wording, facts)
        except TemplateRefused as error:
            problem, problem_locale = error.message, wording.locale
            continue
        if not problem:
            return words
        return Words(
            words.locale, words.subject, words.body, words.markup, words.action, problem,
            problem_locale,
        )  # fmt: skip
    name = str(facts.get("academy", {}).get("name", ""))
    return Words("en", name, name, None, "", problem, problem_locale)


def fill_one(wording: Wording, facts: Mapping[str, Any]) -> Words:
    """One template, filled.

    Raises:
        TemplateRefused: it may not be used, or is too long when filled.
    """
    # Money and dates are written as the reader writes them where that language is the same:
    # an Austrian reads German words with Austrian dates.
    reader = str(facts.get("locale", wording.locale))
    same = reader.split("-", maxsplit=1)[0] == wording.locale.split("-")[0]
    known = {**facts, "locale": reader if same else wording.locale}
    subject = templating.render(wording.subject, known, escape=False)
    body = templating.render(wording.text, known, escape=False)
    markup = None
    if wording.html is not None:
        markup = templating.render(wording.html, known, escape=True)
    action = templating.render(wording.action or "", known, escape=False)
    return Words(wording.locale, one_line(subject), body.strip() + "\n", markup, one_line(action))


def one_line(text: str) -> str:
    """Text as a header may hold it: no line ends, no control characters, at most 300 letters."""
    return headers.one_line(text)[:300]


def unsubscribe_label(locale: str) -> str:
    """The word for leaving, in a language that we have."""
    for candidate in locales.fallbacks(locale):
        found = platform_texts().get(candidate)
        if found is not None:
            return str(found["unsubscribe"])
    return "Unsubscribe"
