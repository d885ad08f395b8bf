"""Durations and sizes as people write them: `20s`, `500ms`, `10MiB`. A unit is always needed."""

import re
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}

DURATION_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
SIZE_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,3})?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"
LONGEST = 36_500 * 86_400
"""Seconds of a duration at most: added to any time of today it stays within the calendar."""

_DURATION = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)")


def _thousandths(match: re.Match[str], units: dict[str, int]) -> int:
    whole, fraction, unit = match.groups()
    return int(whole + (fraction or "").ljust(3, "0")) * units[unit]


class Duration(float):
    """A length of time in seconds, written `500ms`, `20s`, `5m`, `12h` or `7d`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The duration that `text` says.

        Raises:
            ValueError: a sentence that names the form, when `text` has another one.
        """
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError("is not a duration such as 500ms, 20s, 5m, 12h or 7d")
        seconds = _thousandths(match, _MILLISECONDS) / 1_000_000
        if seconds > LONGEST:
            raise ValueError("is longer than a hundred years (36500d)")
        return cls(seconds)

    def __str__(self) -> str:
        milliseconds = round(self * 1_000)
        for unit, length in reversed(_MILLISECONDS.items()):
            if milliseconds and milliseconds % length == 0:
                return f"{milliseconds // length}{unit}"
        return "0s"

    def __repr__(self) -> str:
        return f"Duration('{self}')"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _written_quantity(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": DURATION_PATTERN, "examples": ["500ms", "20s", "5m"]}


class Size(int):
    """A number of bytes, written `512B`, `64KiB`, `10MiB`, `1GiB` (or `10MB` for powers of ten)."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The size that `text` says; a fraction must come to whole bytes.

        Raises:
            ValueError: a sentence that names the form, when `text` has another one.
        """
        match = _SIZE.fullmatch(text)
        if match is None:
            raise ValueError("is not a size such as 512B, 64KiB, 10MiB or 1GiB")
        size, remainder = divmod(_thousandths(match, _BYTES), 1_000)
        if remainder:
            raise ValueError("does not come to a whole number of bytes")
        return cls(size)

    def __str__(self) -> str:
        for unit, length in reversed(_BYTES.items()):
            if self and self % length == 0:
                return f"{self // length}{unit}"
        return "0B"

    def __repr__(self) -> str:
        return f"Size('{self}')"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _written_quantity(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": SIZE_PATTERN, "examples": ["64KiB", "10MiB", "1GiB"]}


def _written_quantity(quantity: type[Duration] | type[Size]) -> CoreSchema:
    def read(value: object) -> Duration | Size:
        if isinstance(value, quantity):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            units = "a unit, such as 20s" if quantity is Duration else "a unit, such as 10MiB"
            raise PydanticCustomError("quantity", "needs {units}", {"units": units})
        try:
            return quantity.parse(value if isinstance(value, str) else "")
        except ValueError as error:
            raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None

    return core_schema.no_info_plain_validator_function(
        read,
        serialization=core_schema.plain_serializer_function_ser_schema(
            str, return_schema=core_schema.str_schema()
        ),
    )
