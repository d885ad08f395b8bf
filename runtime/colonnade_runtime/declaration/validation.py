"""Validation: refusals of a model as problems at lines, said in sentences."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from colonnade_runtime.declaration.yaml.problems import Problem, closest
from colonnade_runtime.declaration.yaml.tree import Node, Path, dotted, matching

ModelT = TypeVar("ModelT", bound=BaseModel)

_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "dict": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "model_attributes": "a mapping of keys to values",
    "dataclass": "a mapping of keys to values",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "none_required": "empty",
}
_LIMITS = {
    "greater_than": ("must be more than {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than": ("must be less than {}", "lt"),
    "less_than_equal": ("must be at most {}", "le"),
    "multiple_of": ("must be a multiple of {}", "multiple_of"),
    "string_too_short": ("must have at least {} characters", "min_length"),
    "string_too_long": ("must have at most {} characters", "max_length"),
    "too_short": ("must have at least {} items", "min_length"),
    "too_long": ("must have at most {} items", "max_length"),
    "string_pattern_mismatch": ("must match {}", "pattern"),
}
_YAML_1_1_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


def validate(
    model: type[ModelT], data: Any, root: Node, prefix: Path = ()
) -> tuple[ModelT | None, list[Problem]]:
    """`data` as a `model`, or every problem at its place below `prefix` of the tree `root`.

    Validates as strict JSON: text is never read as a number, an unknown key is an error.
    """
    text = json.dumps(data)
    try:
        return model.__pydantic_validator__.validate_json(text, strict=True, extra="forbid"), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=True)
        return None, [_problem(item, model, root, prefix) for item in details]


def _problem(error: ErrorDetails, model: type[BaseModel], root: Node, prefix: Path) -> Problem:
    location = (*prefix, *error["loc"])
    path, node, key_place = matching(root, location)
    kind = error["type"]
    if kind == "extra_forbidden":
        unknown = str(location[-1])
        known = _keys_at(model, error["loc"][:-1])
        return Problem.at(key_place, dotted(path), "unknown key", closest(unknown, known))
    if kind == "missing":
        below = path[len(prefix) :]
        subject = dotted((*prefix, *below, location[-1]))
        return Problem.at(key_place, subject, "is missing; it has no default")
    if location and location[-1] == "[key]":
        return Problem.at(key_place, dotted(path), "is not a name: " + _sentence(error))
    return Problem.at(node.place, dotted(path), _sentence(error), _meant(error))


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error" and "error" in context:
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        return f"must be {context['expected']}"
    if kind in _LIMITS:
        form, limit = _LIMITS[kind]
        return form.format(context[limit])
    expected = _EXPECTED.get(kind.removesuffix("_type").removesuffix("_from_float"))
    if expected is None:
        return _as_clause(error["msg"])
    return f"must be {expected}, not {_what(error['input'])}{_quoting_advice(error)}"


def _as_clause(message: str) -> str:
    """Phrase pydantic's refusal as the end of a sentence that starts with the key."""
    message = message.removeprefix("Value error, ").removeprefix("Input should be")
    if message.startswith(" "):
        return f"must be{message}"
    if message.startswith("value is not a valid "):
        return "is not a valid " + message.removeprefix("value is not a valid ")
    return message[:1].lower() + message[1:]


def _what(value: object) -> str:
    """The kind of `value`. Never the value: it may be a secret in the wrong place."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, Mapping) else "a list"


def _quoting_advice(error: ErrorDetails) -> str:
    value, kind = error["input"], error["type"]
    if kind == "bool_type" and isinstance(value, str) and value.lower() in _YAML_1_1_BOOLEANS:
        return " (yes, no, on and off are text in YAML 1.2)"
    if kind in {"int_type", "float_type"} and isinstance(value, str) and value.isdigit():
        return " (remove the quotes or the zero in front)"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return " (put it in quotes)"
    return ""


def _meant(error: ErrorDetails) -> str | None:
    if error["type"] not in {"literal_error", "enum"} or not isinstance(error["input"], str):
        return None
    choices = error.get("ctx", {}).get("expected", "").replace(" or ", ", ").split(", ")
    return closest(error["input"], [choice.strip("'") for choice in choices])


def _keys_at(annotation: Any, location: Sequence[str | int]) -> list[str]:
    """The keys that the model found at `location` below `annotation` has."""
    for step in location:
        annotation = _below(annotation, step)
    return [
        field.alias or name
        for model in _models(annotation)
        for name, field in model.model_fields.items()
    ]


def _below(annotation: Any, step: str | int) -> Any:
    for model in _models(annotation):
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    arguments = [argument for argument in get_args(annotation) if argument is not Ellipsis]
    if len(arguments) == 2 and arguments[0] is not type(None) and arguments[1] is not type(None):
        return arguments[1]
    return arguments[0] if arguments else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]
