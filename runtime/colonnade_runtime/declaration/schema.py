"""JSON Schemas of both files, for editors and for the reference.

They accept whatever the loader accepts: `${VAR}` in place of any value, and a key without a
value in place of a default.
"""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel

from colonnade_runtime.declaration.configs import ConfigModels
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.declaration.model.tenant import Tenant

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE = {"$ref": "#/$defs/Variable"}
_VARIABLE_SCHEMA = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:[-?].*)?\}",
    "description": "A text with ${VAR}, ${VAR:-default} or ${VAR:?message} in it.",
}
_NO_MODELS: ConfigModels = {}
_FREE_TEXT = {"type", "title", "description", "default", "examples"}


def platform_schema(
    config_models: ConfigModels = _NO_MODELS, extension_config_models: ConfigModels = _NO_MODELS
) -> dict[str, Any]:
    """The schema of `platform.yaml`; with models, also of what is under `config`."""
    schema = _schema_of(Platform, "platform.yaml")
    _describe_configs(schema, "services", config_models)
    _describe_configs(schema, "plugins", extension_config_models)
    plugins = schema["properties"]["plugins"]
    mapping = {key: plugins.pop(key) for key in list(plugins) if key not in _FREE_TEXT - {"type"}}
    names = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    plugins["anyOf"] = [names, mapping]
    return _open_up(schema)


def tenant_schema(tenant_config_models: ConfigModels = _NO_MODELS) -> dict[str, Any]:
    """The schema of `tenants/<id>.yaml`; with models, also of what is under `config`."""
    schema = _schema_of(Tenant, "tenants/<id>.yaml")
    _describe_configs(schema, "services", tenant_config_models)
    return _open_up(schema)


def as_text(schema: Mapping[str, Any]) -> str:
    """`schema` as it is published."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(mode="validation")
    return {"$schema": _DIALECT, **schema, "title": title}


def _describe_configs(schema: dict[str, Any], section: str, models: ConfigModels) -> None:
    """Puts the model of each named entry of `section` where its `config` stands."""
    described = schema["properties"][section]
    general = next(iter(described.get("patternProperties", {}).values()), None)
    if general is None:
        general = described["additionalProperties"]
    for name, model in models.items():
        config = model.model_json_schema(ref_template="#/$defs/" + name + ".{model}")
        for key, definition in config.pop("$defs", {}).items():
            schema["$defs"][f"{name}.{key}"] = definition
        own = {"type": "object", "properties": {"config": config}}
        described.setdefault("properties", {})[name] = {"allOf": [general, own]}


def _open_up(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with variables and absent values allowed wherever the loader allows them."""
    opened = _open(schema)
    assert isinstance(opened, dict), "a schema is a mapping"
    opened.setdefault("$defs", {})["Variable"] = _VARIABLE_SCHEMA
    return opened


def _open(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_open(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    opened = {key: _open_keyword(key, value) for key, value in schema.items()}
    if "properties" in opened:
        required = schema.get("required", ())
        opened["properties"] = {
            name: value if name in required else _or_nothing(value)
            for name, value in opened["properties"].items()
        }
    return _or_variable(opened) if _is_narrow(opened) else opened


def _open_keyword(key: str, value: Any) -> Any:
    if key in {"properties", "$defs"}:
        return {name: _open(item) for name, item in value.items()}
    if key == "patternProperties":
        return {name: _or_nothing(_open(item)) for name, item in value.items()}
    if key in {"items", "additionalProperties", "anyOf", "allOf", "oneOf", "prefixItems"}:
        return _open(value)
    return value


def _is_narrow(schema: dict[str, Any]) -> bool:
    """True when `schema` is of a scalar that a text with a variable would not fit."""
    kind = schema.get("type")
    if "const" in schema or "enum" in schema or kind in {"integer", "number", "boolean"}:
        return True
    return kind == "string" and bool(schema.keys() & {"pattern", "format", "maxLength"})


def _described(schema: dict[str, Any], alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        key: schema[key] for key in ("title", "description", "default") if key in schema
    }
    rest = {key: value for key, value in schema.items() if key not in kept}
    inner = rest["anyOf"] if rest.keys() == {"anyOf"} else [rest]
    added = [alternative for alternative in alternatives if alternative not in inner]
    return {**kept, "anyOf": [*inner, *added]}


def _or_variable(schema: dict[str, Any]) -> dict[str, Any]:
    return _described(schema, [_VARIABLE])


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    return _described(schema, [{"type": "null"}])


def write_schemas(folder: FilePath) -> None:
    """Writes both schemas into `folder`, as they are published."""
    for name, schema in (("platform", platform_schema()), ("tenant", tenant_schema())):
        (folder / f"{name}.schema.json").write_text(as_text(schema), encoding="utf-8")
