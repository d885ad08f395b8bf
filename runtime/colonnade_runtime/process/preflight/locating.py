"""Location in the declaration of a sentence that names a key."""

import re

from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.yaml.problems import Location

_KEY = re.compile(r"\b(?:services|plugins|gateway|stores|processes)(?:\.[a-z][a-z0-9_-]*)+")
_PLACED = re.compile(r"\S+:\d+:\d+: ")


def placed(sentence: str, loaded: LoadedPlatform) -> str:
    """The sentence with file, line and column before it, when it names a key and has none."""
    named = _KEY.search(sentence)
    if named is None or _PLACED.match(sentence):
        return sentence
    place: Location = loaded.origins.locate(named.group().split("."))
    return f"{place}: {sentence}" if place.line else sentence
