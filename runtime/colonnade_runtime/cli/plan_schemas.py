"""Schemas of what services offer, as people read them: the fields of a message, a line each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageField:
    """Field of a message: its type in words, and what its description says."""

    name: str
    type: str
    required: bool
    description: str = ""

    def __str__(self) -> str:
        return f"{self.name}{'' if self.required else '?'}: {self.type}"


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a message (draft 2020-12)."""
    return model.model_json_schema(mode="validation")


def fields_of(model: type[BaseModel]) -> list[MessageField]:
    """The fields of a message in their order."""
    return fields_in(schema_of(model))


def fields_in(schema: Schema) -> list[MessageField]:
    """The fields of an object in a JSON Schema, in their order."""
    required = set(schema.get("required", ()))
    return [
        MessageField(name, type_text(found), name in required, found.get("description", ""))
        for name, found in schema.get("properties", {}).items()
    ]


def type_text(schema: Schema) -> str:
    """A type of JSON Schema in words, as `list of uuid` or `Course | null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(type_text(each) for each in schema[union]))
    if "allOf" in schema:
        return " & ".join(type_text(each) for each in schema["allOf"])
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " | ".join(repr(each) for each in schema["enum"])
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type", "anything")
    if kind == "array":
        items = schema.get("items")
        return f"list of {type_text(items)}" if items else "list"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"map to {type_text(values)}" if isinstance(values, dict) and values else "map"
    return str(schema.get("format", kind))
