"""Colours of an academy, and the colour of text that can be read on them."""

Colour = tuple[int, int, int]
"""Red, green and blue from 0 to 255."""

DEFAULT: Colour = (0x2B, 0x4C, 0x7E)
"""Colour of an academy that declares none."""

_DARK: Colour = (0x00, 0x00, 0x00)
_LIGHT: Colour = (0xFF, 0xFF, 0xFF)


def colour_of(declared: str | None) -> Colour:
    """A colour as declared, `#0b5fff` or `#05f`."""
    if declared is None:
        return DEFAULT
    digits = declared.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    return red, green, blue


def css(colour: Colour) -> str:
    """The colour as a style sheet writes it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def text_on(background: Colour) -> Colour:
    """Dark or light text, whichever is told better from `background`; one of them always has a
    contrast of 4.5 to 1 and more (WCAG 2.2, §1.4.3)."""
    return max((_LIGHT, _DARK), key=lambda text: contrast(text, background))


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
