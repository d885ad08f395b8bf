"""Messages between services: frozen models, strict at the door, tolerant on the bus.

HTTP decodes strictly (an unknown field is an error). The bus ignores unknown fields, so that
a service may add an optional field within a major version of its contract.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from colonnade.errors import ValidationFailed
from colonnade.field_rules import FieldRule
from colonnade.moments import time_fields, times_out_of_range
from colonnade.personal import guarded_fields
from colonnade.secrets import MASK


class Message(BaseModel):
    """A frozen, typed piece of a contract."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=False,
        str_strip_whitespace=False,
        ser_json_inf_nan="null",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Fields for `repr` and `str`: personal and confidential ones stay masked, so that no
        log line, trace or f-string gives them away."""
        guarded = guarded_fields(type(self))
        for name, value in super().__repr_args__():
            yield name, MASK if name in guarded and value is not None else value

    def encode(self) -> bytes:
        """Encode this message as JSON, UTF-8."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """A message from the bus: unknown fields are ignored.

        Raises:
            pydantic.ValidationError: when a known field is missing or wrong.
        """
        return cls.__pydantic_validator__.validate_json(data, extra="ignore")  # type: ignore[no-any-return]

    @classmethod
    def decode_strict(cls, data: bytes | str) -> Self:
        """A message from a client: an unknown field or a wrong JSON type is an error.

        Raises:
            pydantic.ValidationError: naming every wrong field.
        """
        return cls.__pydantic_validator__.validate_json(data, strict=True, extra="forbid")  # type: ignore[no-any-return]


class Empty(Message):
    """An answer that says nothing but that it was done."""


ResponseT = TypeVar("ResponseT", bound=Message)


class Request(Message, Generic[ResponseT]):
    """Request of an operation; the type argument is the message that answers it.

    Times and days in it are within `colonnade.moments`, so that a handler can reckon with them.
    """

    __response_type__: ClassVar[type[Message]] = Empty
    __rules__: ClassVar[tuple[FieldRule, ...]] = ()
    """Rules between fields of this request; its JSON Schema states them too."""

    @model_validator(mode="after")
    def _within_the_calendar(self) -> Self:
        if time_fields(type(self)):
            wrong = list(times_out_of_range(self))
            if wrong:
                details = [InitErrorDetails(type=_OUT_OF_RANGE, loc=at, input=None) for at in wrong]
                raise ValidationError.from_exception_data(type(self).__name__, details)
        return self

    def check_rules(self) -> None:
        """Hold this request against its rules.

        Raises:
            ValidationFailed: fields of it contradict one another.
        """
        if self.__rules__:
            wrong = [problem for rule in self.__rules__ for problem in rule.problems(self.__dict__)]
            if wrong:
                raise ValidationFailed(fields=wrong)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        if cls.__rules__:
            handler.resolve_ref_schema(described)["allOf"] = [
                rule.json_schema() for rule in cls.__rules__
            ]
        return described

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for base in cls.__mro__[1:]:
            metadata = base.__dict__.get("__pydantic_generic_metadata__")
            if metadata and metadata["args"]:
                cls.__response_type__ = metadata["args"][0]
                return

    def encode(self) -> bytes:
        """Encode this request as JSON; absent fields are left out, so that the other side can tell
        "not given" from "given as null" in a partial update."""
        return self.__pydantic_serializer__.to_json(self, exclude_unset=True)


_OUT_OF_RANGE = PydanticCustomError(
    "time_out_of_range", "is out of range: from year 2 to year 9998, in UTC"
)


class NotNull:
    """Marks a field of a partial change that may be left out and, when given, is not null."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_given, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        alternatives = described.pop("anyOf", [])
        return described | next((one for one in alternatives if one != {"type": "null"}), {})


def _given(value: object) -> object:
    if value is None:
        raise ValueError("may be left out, but not be null")
    return value
