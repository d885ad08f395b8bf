"""Colours of an academy, made fit for a chart on white."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

INK: Final = "#1f2933"
QUIET_INK: Final = "#5f6c7b"
GRID: Final = "#e4e7eb"
QUIET: Final = "#c6ccd4"
HIDDEN: Final = "#eef0f3"
_DEFAULT: Final = "#2457c5"
_EMPHASES: Final = ("#c8401f", "#0f766e", "#8a5a00")
_APART: Final = 150
"""How far apart two colours must be, as a distance in red, green and blue, to be told apart."""
_NON_TEXT_CONTRAST: Final = 3.0


@dataclass(frozen=True, slots=True)
class Palette:
    """`main` for what matters most, `emphasis` for what to look at, `second` and `third` for
    what stands beside."""

    main: str
    second: str
    third: str
    emphasis: str


def palette_of(branding: Mapping[str, Any]) -> Palette:
    """The colours of an academy; those it has not chosen are ours."""
    main = readable(str(branding.get("primary_color") or _DEFAULT))
    accent = branding.get("accent_color")
    candidates = ([readable(str(accent))] if accent else []) + list(_EMPHASES)
    apart = [colour for colour in candidates if _distance(colour, main) >= _APART]
    emphasis = apart[0] if apart else max(candidates, key=lambda it: _distance(it, main))
    return Palette(main=main, second=mixed(main, "#ffffff", 0.55), third=QUIET, emphasis=emphasis)


def readable(colour: str) -> str:
    """The colour, darkened until it stands out from white (WCAG 2.2, 1.4.11)."""
    found = _normal(colour)
    while contrast(found, "#ffffff") < _NON_TEXT_CONTRAST:
        found = mixed(found, "#000000", 0.1)
    return found


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with so much of `other` in it, 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def ink_on(colour: str) -> str:
    """Dark or white, whichever can be read on `colour`."""
    return INK if contrast(colour, INK) >= contrast(colour, "#ffffff") else "#ffffff"


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _distance(first: str, second: str) -> float:
    pairs = zip(_channels(first), _channels(second), strict=True)
    return math.sqrt(sum((one - other) ** 2 for one, other in pairs))


def _luminance(colour: str) -> float:
    linear = []
    for channel in _channels(colour):
        value = channel / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _normal(colour: str) -> str:
    """`#rgb` and `#rrggbbaa` as `#rrggbb`."""
    if len(colour) in (4, 5):
        return "#" + "".join(2 * digit for digit in colour[1:4])
    return colour[:7]
