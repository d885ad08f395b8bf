"""XML of drawings whose document type declares short texts of its own, as Illustrator writes them.

An entity is a text that stands for a longer one (XML 1.0 §4.4). A few short ones without markup are
read; what grows, nests or points outside is refused before anything is expanded.
"""

from __future__ import annotations

from defusedxml.common import EntitiesForbidden
from defusedxml.ElementTree import DefusedXMLParser

MAXIMUM_ENTITIES = 64
MAXIMUM_ENTITY_LENGTH = 200
MAXIMUM_EXPANSION = 1024 * 1024
"""Characters that all references together may stand for."""


class ShortEntityParser(DefusedXMLParser):
    """A parser that reads short internal entities; others raise `EntitiesForbidden`."""

    def __init__(self, source: bytes) -> None:
        super().__init__(forbid_dtd=False, forbid_entities=True, forbid_external=True)
        # Every reference begins with this byte, in UTF-16 and its relatives too.
        self._references = source.count(b"&")
        self._longest = self._declared = 0

    def defused_entity_decl(
        self,
        name: str,
        is_parameter_entity: bool,
        value: str | None,
        base: str | None,
        sysid: str | None,
        pubid: str | None,
        notation_name: str | None,
    ) -> None:
        """Take a declaration, or refuse the drawing for it."""
        self._declared += 1
        is_short = value is not None and len(value) <= MAXIMUM_ENTITY_LENGTH
        is_plain = value is not None and not set(value) & {"&", "<", "%"}
        if not (is_short and is_plain) or is_parameter_entity or sysid or pubid or notation_name:
            raise EntitiesForbidden(name, value, base, sysid, pubid, notation_name)
        assert value is not None
        self._longest = max(self._longest, len(value))
        too_many = self._declared > MAXIMUM_ENTITIES
        if too_many or self._longest * self._references > MAXIMUM_EXPANSION:
            raise EntitiesForbidden(name, value, base, sysid, pubid, notation_name)
