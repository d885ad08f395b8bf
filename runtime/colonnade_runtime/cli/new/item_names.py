"""Names of the example item in a new plugin, from the word that its author has for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from colonnade.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_TAKEN = frozenset(
    {
        *("base", "call", "column", "conflict", "empty", "event", "index", "message"),
        *("page", "request", "row", "session", "tally", "title", "tenant"),
    }
)
"""Words whose class would hide one that the plugin imports or declares."""


@dataclass(frozen=True, slots=True)
class ItemNames:
    """Names of the item: `contract` and `contracts` in the contract, in actions and paths, where
    other services' must not be met; `noun` and `nouns` within the service. Hyphens part words."""

    contract: str
    contracts: str
    noun: str
    nouns: str

    @classmethod
    def of(cls, service: str, item: str | None, plural: str | None) -> "ItemNames":
        """Names for `item` and its `plural`, which is made by the rules of English if it is not
        given; without an item, `item`, which the contract calls after the service.

        Raises:
            ConfigurationError: when a name cannot be one, or is taken.
        """
        if item is None:
            if plural is not None:
                raise ConfigurationError("--plural goes with --item; say which item is meant.")
            return cls(f"{service}-item", f"{service}-items", "item", "items")
        several = plural_of(item) if plural is None else plural
        for name in (item, several):
            if _NAME.fullmatch(name) is None or len(name) > 30:
                raise ConfigurationError(
                    f"'{name}' is no name for an item: use at most 30 of a-z, 0-9 and '-', a "
                    "letter first in each part, as question or course-review."
                )
        if item in _TAKEN or item == several:
            raise ConfigurationError(
                f"An item cannot be called '{item}'; choose another, such as {service}-{item}."
                if item in _TAKEN
                else f"'{item}' needs a plural of its own; say it with --plural."
            )
        return cls(item, several, item, several)

    def values(self) -> Mapping[str, str]:
        """Variables for templates."""
        words, many = self.noun.replace("-", " "), self.nouns.replace("-", " ")
        one = f"{'an' if words[0] in 'aeio' else 'a'} {words}"
        return {
            "Item": _class(self.contract),
            "Items": _class(self.contracts),
            "item": _snake(self.contract),
            "items": _snake(self.contracts),
            "path": self.contracts,
            "Noun": _class(self.noun),
            "NOUN": _snake(self.noun).upper(),
            "noun": _snake(self.noun),
            "nouns": _snake(self.nouns),
            "words": words,
            "many": many,
            "Many": many.capitalize(),
            "one": one,
            "One": one.capitalize(),
        }


def plural_of(word: str) -> str:
    """The regular plural of an English word."""
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _snake(name: str) -> str:
    return name.replace("-", "_")
