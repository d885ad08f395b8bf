"""Sections of a declaration: strict, frozen, and open to short forms."""

import types
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

FORMAT_VERSION = 1
"""The version of both files that this Colonnade reads."""


def _known_version(version: int) -> int:
    if version != FORMAT_VERSION:
        raise ValueError(f"must be {FORMAT_VERSION}, the version that this Colonnade reads")
    return version


Version = Annotated[
    int,
    AfterValidator(_known_version),
    WithJsonSchema({"type": "integer", "const": FORMAT_VERSION}),
]


class Section(BaseModel):
    """One mapping of a declaration. An unknown key in it is an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    short_form: ClassVar[str] = ""
    """The key that a plain text in place of the mapping stands for; empty when none does."""

    @classmethod
    def write_out(cls, text: str) -> dict[str, Any] | None:
        """The mapping that the plain `text` is short for, or None when there is no short form."""
        return {cls.short_form: text} if cls.short_form else None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mapping = handler(schema)
        if not cls.short_form:
            return mapping
        described = handler.resolve_ref_schema(mapping)
        full = dict(described)
        described.clear()
        described.update(anyOf=[{"type": "string", "description": "Short form."}, full])
        return mapping


def write_out(data: Any, annotation: Any) -> Any:
    """`data` as the section type `annotation` reads it: short forms written out, and a key
    without a value left to its default. What does not fit stays as it is, for the validator."""
    section = _section_type(annotation)
    if section is not None:
        return _write_out_section(data, section)
    if get_origin(annotation) is dict and isinstance(data, dict):
        value_type = get_args(annotation)[1]
        return {key: write_out(value, value_type) for key, value in data.items()}
    return data


def _write_out_section(data: Any, section: type[Section]) -> Any:
    if data is None:
        return {}
    if isinstance(data, str):
        mapping = section.write_out(data)
        return data if mapping is None else _write_out_section(mapping, section)
    if not isinstance(data, dict):
        return data
    fields = section.model_fields
    return {
        key: write_out(value, fields[key].annotation) if key in fields else value
        for key, value in data.items()
        if value is not None or key not in fields or fields[key].is_required()
    }


def _section_type(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation if issubclass(annotation, Section) else None
    if get_origin(annotation) in (Union, types.UnionType):
        found = [kind for kind in map(_section_type, get_args(annotation)) if kind]
        return found[0] if found else None
    return None
