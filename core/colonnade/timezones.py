"""Names of time zones: those of the IANA database that people and browsers use.

The list is that of the `tzdata` package, so that every machine takes the same names: the folders of
an operating system also hold `localtime`, `posix/…` and `right/…`, which mean something else on the
next machine.
"""

from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_NO_PLACE = frozenset({"Factory", "localtime", "posixrules"})
"""Entries of zone files that stand for no agreed time (tz database, theory file)."""


@cache
def timezone_names() -> frozenset[str]:
    """Every name that is taken, links such as `Asia/Calcutta` included."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return frozenset(listed) - _NO_PLACE


def known_timezone(name: str) -> str:
    """The name, if it is one.

    Raises:
        ValueError: it is not the name of a time zone, letter for letter.
    """
    if name not in timezone_names():
        raise ValueError("is not the name of a time zone such as Europe/Vienna or UTC")
    return name


class _Known:
    """Marks a field that holds the name of a time zone."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(known_timezone, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"enum": sorted(timezone_names())}


TimezoneName = Annotated[str, Field(max_length=64, examples=["Europe/Vienna"]), _Known()]
"""An IANA time zone."""
