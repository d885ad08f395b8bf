"""Suppression of small numbers: those that would name a person, or give such a number away.

A group is small when it is not empty and has fewer people than the smallest that may be shown.
"""

from collections.abc import Collection, Sequence

HIDDEN = None
"""Placeholder for a number that is not shown."""


def is_small(number: int, smallest: int) -> bool:
    """True for a group so small that its number would name people."""
    return 0 < number < smallest


def shown(number: int, smallest: int) -> int | None:
    """The number, unless it is that of a small group."""
    return HIDDEN if is_small(number, smallest) else number


def shown_part(part: int, whole: int, smallest: int) -> int | None:
    """The size of a part of a group whose size is known: neither it nor the rest may be small."""
    hidden = is_small(part, smallest) or is_small(whole - part, smallest)
    return HIDDEN if hidden else part


def shown_parts(
    parts: Sequence[int], smallest: int, also_hidden: Collection[int] = ()
) -> list[int | None]:
    """The sizes of parts whose sum is shown beside them; `also_hidden` names places of parts
    that are hidden for another reason.

    What is hidden must not follow from the sum: the hidden parts are at least two, and have at
    least `smallest` people together. So the smallest of those that could be shown are hidden too,
    until that holds or nothing is left to hide.
    """
    hidden = {place for place, part in enumerate(parts) if is_small(part, smallest)}
    hidden.update(also_hidden)
    candidates = sorted(
        (place for place in range(len(parts)) if place not in hidden and parts[place] > 0),
        key=lambda place: parts[place],
    )
    while hidden and candidates and not _hides(parts, hidden, smallest):
        hidden.add(candidates.pop(0))
    return [HIDDEN if place in hidden else part for place, part in enumerate(parts)]


def total_may_be_shown(parts: Sequence[int], shown: Sequence[int | None], smallest: int) -> bool:
    """True when the sum of parts gives no hidden one of them away."""
    hidden = {place for place, part in enumerate(shown) if part is None}
    return not hidden or _hides(parts, hidden, smallest)


def _hides(parts: Sequence[int], hidden: set[int], smallest: int) -> bool:
    return len(hidden) > 1 and sum(parts[place] for place in hidden) >= smallest
