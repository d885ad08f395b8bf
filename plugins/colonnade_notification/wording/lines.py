"""Single lines of text, as a header or a subject holds them."""

_JOINERS = "\u200c\u200d"
"""What joins letters (ZWNJ, ZWJ): not printable, and part of names all the same."""


def one_line(text: str) -> str:
    """Text without line ends and control characters, single spaces between its words."""
    kept = (letter if _may_stand(letter) else " " for letter in text)
    return " ".join("".join(kept).split())


def is_one_line(text: str) -> bool:
    """True for text without line ends and control characters."""
    return all(map(_may_stand, text))


def _may_stand(letter: str) -> bool:
    return letter.isprintable() or letter in _JOINERS
