"""Rules for new passwords: common ones, patterns and names are refused.

The list is that of zxcvbn (MIT; see `common_passwords.license.txt` beside it), as NIST SP 800-63B
§5.1.1.2 asks for: passwords of published leaks, and what the academy and the person are called.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise

from colonnade.errors import FieldError, ValidationFailed
from colonnade.services import ServiceContext

MINIMUM_NAME = 3
"""Characters from which a name counts: a password around a shorter one is not about it."""

_AROUND = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "
"""Characters that people put before and after a word to make a password of it."""


def folded(text: str) -> str:
    """Form in which passwords are compared with common ones: case-folded and NFKC, so that the
    compatibility variants of a character count as one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@cache
def common_passwords() -> frozenset[str]:
    """Load some eleven thousand common passwords of eight characters and more, folded."""
    text = files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.splitlines())


def check_password(password: str, *, pointer: str, names: Iterable[str]) -> None:
    """Refuse a password that is common, a mere pattern, or no more than one of `names`: the
    academy's, the person's, and what stands before the @ of their address.

    Raises:
        ValidationFailed: at `pointer`, which names the field.
    """
    chosen = folded(password)
    if chosen in common_passwords():
        raise _refused(pointer, "is one of the passwords that are tried first; choose another")
    if _is_pattern(chosen):
        raise _refused(pointer, "repeats or counts on like abababab and abcdefgh; choose another")
    if _bare(chosen) in _words(names):
        raise _refused(pointer, "is a name of yours or of the academy; choose another")


def academy_names(ctx: ServiceContext) -> tuple[str, ...]:
    """Id and name of the academy in context."""
    tenant = ctx.tenant()
    return tenant.id, tenant.name


def _is_pattern(text: str) -> bool:
    """True for one or two characters repeated, or a run of neighbouring characters
    (NIST SP 800-63B §5.1.1.2: repetitive or sequential characters)."""
    repeats = any(text == (text[:size] * len(text))[: len(text)] for size in (1, 2))
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return repeats or steps in ({1}, {-1})


def _words(names: Iterable[str]) -> set[str]:
    spoken = {word for name in names for word in (name, name.partition("@")[0], *name.split())}
    bare = {_bare(folded(word)) for word in spoken}
    return {word for word in bare if len(word) >= MINIMUM_NAME}


def _bare(text: str) -> str:
    """Strip a word of the digits and signs around it and the spaces within."""
    return "".join(text.strip(_AROUND).split())


def _refused(pointer: str, why: str) -> ValidationFailed:
    return ValidationFailed(fields=[FieldError(pointer, why, "common_password")])
