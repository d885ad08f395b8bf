"""The elements and attributes of SVG 1.1 and 2 that only draw.

Not in the list, on purpose: ``script``, ``foreignObject``, ``animate`` and its kin (they can set
a reference after it was checked), ``feImage``, ``iframe``, ``audio``, ``video``, ``handler``.
"""

from __future__ import annotations

from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS: Final = _names(
    """
    circle clipPath defs desc ellipse g image line linearGradient marker mask path pattern
    polygon polyline radialGradient rect stop style svg switch symbol text textPath title tspan
    use view filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix
    feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB
    feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight
    feSpecularLighting feSpotLight feTile feTurbulence
    """
)

UNWRAPPED: Final = frozenset({"a"})
"""Elements that vanish while what they hold stays."""

PAINT_ATTRIBUTES: Final = _names(
    """
    alignment-baseline baseline-shift clip-path clip-rule color color-interpolation
    color-interpolation-filters cursor direction display dominant-baseline fill fill-opacity
    fill-rule filter flood-color flood-opacity font-family font-size font-size-adjust
    font-stretch font-style font-variant font-weight image-rendering letter-spacing
    lighting-color marker-end marker-mid marker-start mask mask-type opacity overflow
    paint-order pointer-events shape-rendering stop-color stop-opacity stroke stroke-dasharray
    stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity
    stroke-width text-anchor text-decoration text-rendering transform transform-origin
    unicode-bidi vector-effect visibility word-spacing writing-mode
    """
)
"""Presentation attributes: they are style, and their values are checked as style."""

STYLE_PROPERTIES: Final = PAINT_ATTRIBUTES | _names(
    """
    enable-background fill-box font isolation line-height marker mix-blend-mode solid-color
    solid-opacity text-align text-indent text-orientation text-transform transform-box
    white-space cx cy height r rx ry width x y
    """
)

ATTRIBUTES: Final = PAINT_ATTRIBUTES | _names(
    """
    amplitude aria-hidden aria-label aria-labelledby aria-describedby azimuth baseFrequency bias
    class clipPathUnits cx cy d diffuseConstant divisor dx dy edgeMode elevation exponent
    filterUnits fr fx fy gradientTransform gradientUnits height href id in in2 intercept k1 k2
    k3 k4 kernelMatrix kernelUnitLength lang lengthAdjust limitingConeAngle markerHeight
    markerUnits markerWidth maskContentUnits maskUnits method mode numOctaves offset operator
    order orient pathLength patternContentUnits patternTransform patternUnits points pointsAtX
    pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY
    result role rotate rx ry scale seed slope spacing specularConstant specularExponent
    spreadMethod startOffset stdDeviation stitchTiles style surfaceScale systemLanguage
    tableValues targetX targetY textLength type values version viewBox width x x1 x2
    xChannelSelector y y1 y2 yChannelSelector z
    """
)
