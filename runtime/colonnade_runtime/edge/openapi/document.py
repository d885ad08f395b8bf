"""The OpenAPI 3.1 document, made from what routes bind, so that it cannot say anything else."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from colonnade.errors import PLATFORM_ERRORS
from colonnade.http import BINDING, JSON, Binding
from colonnade.http_files import FORM, OF_THE_FORM
from colonnade.messages import Empty
from colonnade.pagination import CURSOR_PATTERN, ListRequest
from colonnade_runtime.edge.openapi.headers import (
    HEADERS,
    OF_EVERY_ANSWER,
    PARAMETERS,
    has_version,
    is_change,
    of_answer,
    of_refusal,
    referred,
    taken_by,
)
from colonnade_runtime.plugins.route_paths import API

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "What went wrong (RFC 9457). `code` is stable; `errors` points at fields.",
    "example": {
        "type": "urn:colonnade:error:validation_failed",
        "title": "Some fields are not valid",
        "status": 422,
        "detail": "One field is wrong.",
        "code": "validation_failed",
        "errors": [{"pointer": "/email", "detail": "is not an address", "code": "value_error"}],
    },
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "details": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}


_FORM_OF_A_PAGE = "application/x-www-form-urlencoded"
_PAGE = "text/html"
_TEXT = {"type": "string"}

_ABOUT = """\
Every path is on the host of one academy; where the host is none of its own, `X-Tenant` names it.
Errors are problem documents (RFC 9457), lists come in pages, and an object with a version has an
`ETag`. A request that is no HTTP is refused with 400 and no body, before it reaches any route. What
holds for every route is in the conventions of the API's documentation."""

_SERVERS = [{"url": "/", "description": "The host that this description was read from."}]


class RequestSchema(GenerateJsonSchema):
    """JSON Schema of messages. Pydantic lets keys that a mapping refuses pass as undescribed ones
    and forgets how long they may be; here the schema of keys is the one that they are held to."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping, whose keys have a schema of their own."""
        described = super().dict_schema(schema)
        values = described.pop("patternProperties", None)
        if values is not None:
            described["additionalProperties"] = next(iter(values.values()))
            described["propertyNames"] = self.generate_inner(schema["keys_schema"])
        return described


def bindings(application: Litestar) -> list[tuple[str, Binding]]:
    """Every bound route: its path with `{name}` parameters, and what it binds."""
    found = []
    for route in application.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = _PARAMETER.sub(r"{\1}", route.path)
        for handler in route.route_handlers:
            binding = handler.opt.get(BINDING)
            if isinstance(binding, Binding):
                found.append((path, binding))
    return found


def described(application: Litestar) -> bytes:
    """The document for all routes of the platform, as JSON."""
    document = openapi_document(application, title="Colonnade", version=release())
    return json.dumps(document).encode()


def release() -> str:
    """The version of Colonnade that is installed."""
    try:
        return version("colonnade")
    except PackageNotFoundError:
        return "0"


def openapi_document(application: Litestar, *, title: str, version: str) -> dict[str, Any]:
    """The document for all routes of an application; pages for people are none of the API's."""
    bound = [(path, binding) for path, binding in bindings(application) if path.startswith(API)]
    schemas = _schemas(bound)
    # What can be read with an ETag can be changed under a condition (RFC 9110 §13.1.1).
    versioned = {path for path, binding in bound if has_version(binding)}
    paths: dict[str, dict[str, Any]] = {}
    for path, binding in bound:
        described = _operation(path, binding, schemas, versioned=path in versioned)
        paths.setdefault(path, {})[binding.method.lower()] = described
    components = {
        "schemas": {**schemas, "Problem": _PROBLEM},
        "parameters": PARAMETERS,
        "headers": HEADERS,
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": _ABOUT},
        "servers": _SERVERS,
        "security": [{}, {"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": components,
    }


def _schemas(bound: Iterable[tuple[str, Binding]]) -> dict[str, Any]:
    models: dict[type[BaseModel], None] = {}
    for _, binding in bound:
        models[binding.operation.request] = None
        models[binding.operation.response] = None
        models.update(dict.fromkeys(binding.answers.values()))
    _, document = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=_REFERENCE,
        schema_generator=RequestSchema,
    )
    schemas: dict[str, Any] = document.get("$defs", {})
    _name_constants(schemas)
    return schemas


def _name_constants(schema: Any) -> None:
    """Name the constants of enumerations with signs in them: generators of clients name them after
    their values, and would call GMT0 and GMT+0 alike."""
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            _name_constants(part)
    values = schema.get("enum", ()) if isinstance(schema, dict) else ()
    if any(isinstance(value, str) and "+" in value for value in values):
        schema["x-enum-varnames"] = [_constant(value) for value in values]


def _constant(value: str) -> str:
    """`GMT_PLUS_0` for `GMT+0`; a minus is one only where a number follows."""
    signed = re.sub(r"-(?=\d)", "_MINUS_", value).replace("+", "_PLUS_")
    return re.sub(r"[^A-Za-z0-9]+", "_", signed).upper()


def _operation(
    path: str, binding: Binding, schemas: dict[str, Any], *, versioned: bool
) -> dict[str, Any]:
    operation = binding.operation
    in_path = _PARAMETER.findall(path)
    described = schemas[_schema_name(operation.request, schemas)]
    fields: dict[str, Any] = described.get("properties", {})
    required = described.get("required", [])
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": fields.get(name, {})}
        for name in in_path
    ]
    shown: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": inspect.getdoc(operation.request) or operation.summary,
        "tags": [operation.service],
        "x-colonnade-action": operation.action,
        "responses": _responses(binding, schemas, versioned=versioned),
    }
    elsewhere = {*in_path, "conditions"} if binding.conditional else set(in_path)
    others = {name: schema for name, schema in fields.items() if name not in elsewhere}
    if binding.fields_in_query:
        form = OF_THE_FORM if binding.body == FORM else ()
        others = {name: schema for name, schema in others.items() if name not in form}
        parameters += _in_query(others, required)
        shown["requestBody"] = _file(binding)
    elif binding.method in ("POST", "PUT", "PATCH"):
        if others or binding.body != "application/json":
            needed = [name for name in required if name in others]
            rules = described.get("allOf", [])
            shown["requestBody"] = _body(binding, others, needed, rules)
    else:
        parameters += _in_query(others, required)
    if issubclass(operation.request, ListRequest):
        for parameter in parameters:
            if parameter["name"] == "cursor":
                parameter["schema"]["pattern"] = CURSOR_PATTERN
    shown["parameters"] = parameters + taken_by(binding, versioned=versioned)
    return shown


def _in_query(fields: dict[str, Any], required: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": name in required, **_in_text(schema)}
        for name, schema in fields.items()
    ]


def _in_text(schema: dict[str, Any]) -> dict[str, Any]:
    """Schema of a query parameter: text is left out rather than null."""
    described = {name: value for name, value in schema.items() if name != "anyOf"}
    alternatives = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(alternatives) == 1:
        described |= alternatives[0]
    elif alternatives:
        described["anyOf"] = alternatives
    if described.get("default", ...) is None:
        del described["default"]
    shown: dict[str, Any] = {"schema": described}
    if "description" in described:
        shown["description"] = described.pop("description")
    return shown


_BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def _file(binding: Binding) -> dict[str, Any]:
    """Body of an upload: the file itself, or a form with it."""
    if binding.body == FORM:
        form = {"type": "object", "properties": {"file": _BYTES}, "required": ["file"]}
        return {"required": True, "content": {FORM: {"schema": form}}}
    content: dict[str, Any] = {each: {"schema": {}} for each in binding.body.split(", ")}
    return {"required": True, "content": content}


def _body(
    binding: Binding, fields: dict[str, Any], required: list[str], rules: list[dict[str, Any]]
) -> dict[str, Any]:
    if binding.body == FORM:
        fields = {"file": _BYTES}
        required = ["file"]
    if binding.raw:
        # A page is led to by its link alone.
        return {"required": not binding.page, "content": {binding.body: {"schema": {}}}}
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": fields,
    }
    if required:
        schema["required"] = required
    if rules:
        schema["allOf"] = rules
    content = {binding.body: {"schema": schema}}
    if binding.form:
        content[_FORM_OF_A_PAGE] = {"schema": schema}
    return {"required": bool(required), "content": content}


def _responses(binding: Binding, schemas: dict[str, Any], *, versioned: bool) -> dict[str, Any]:
    responses = dict(_successes(binding, schemas))
    for response in responses.values():
        response["headers"] = of_answer(binding)
    responses |= _conditional(binding, responses)
    usual = {error.status: error.title for error in PLATFORM_ERRORS}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if binding.page:
        problem |= {_PAGE: {"schema": _TEXT}}
    for status in sorted(_refusals(binding, versioned=versioned)):
        responses[str(status)] = {
            "description": usual.get(status, "Refused."),
            "headers": of_refusal(status),
            "content": problem,
        }
    responses["default"] = {
        "description": "Any other refusal.",
        "headers": referred(*OF_EVERY_ANSWER),
        "content": problem,
    }
    return responses


def _successes(binding: Binding, schemas: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if binding.answers:
        for status, model in binding.answers.items():
            yield str(status), _success(model, schemas)
    elif binding.operation.response is Empty and binding.answer == JSON:
        yield str(204 if binding.status == 200 else binding.status), {"description": "Done."}
    elif binding.answer == JSON:
        yield str(binding.status), _success(binding.operation.response, schemas)
    else:
        content: dict[str, Any] = {each: {"schema": {}} for each in binding.answer.split(", ")}
        yield str(binding.status), {"description": "Done.", "content": content}
    if binding.form:
        # Whoever filled in the form reads a page.
        yield "200", {"description": "Done.", "content": {_PAGE: {"schema": _TEXT}}}


def _success(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    if model is Empty:
        return {"description": "Done."}
    schema = {"$ref": _REFERENCE.format(model=_schema_name(model, schemas))}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _conditional(binding: Binding, done: dict[str, Any]) -> dict[str, Any]:
    """Answers to conditions and ranges (RFC 9110 §13, §14)."""
    found: dict[str, Any] = {}
    if binding.conditional:
        whole = done[str(binding.status)]
        headers = {**whole["headers"], **referred("Content-Range")}
        found["206"] = {**whole, "description": "The range that was asked for.", "headers": headers}
    if binding.conditional or (binding.method == "GET" and has_version(binding)):
        current = "What If-None-Match or If-Modified-Since names is current."
        headers = referred(*OF_EVERY_ANSWER, "ETag")
        found["304"] = {"description": current, "headers": headers}
    return found


def _refusals(binding: Binding, *, versioned: bool) -> set[int]:
    """The statuses with which the operation, or whoever stands before it, refuses."""
    found = {400, 401, 403, 404, 422, 429, 503, 504}
    found |= {error.status for error in binding.operation.errors}
    if binding.method in ("POST", "PUT", "PATCH"):
        found |= {409, 413, 415}
    if binding.conditional:
        found |= {412, 416}
    elif is_change(binding):
        found |= {409, 412} if versioned else {409}
    return found


def _schema_name(model: type[BaseModel], schemas: dict[str, Any]) -> str:
    name = model.__name__
    if name in schemas:
        return name
    # Generic models have brackets in their names, which the schema spells with underscores.
    return re.sub(r"[^a-zA-Z0-9._-]", "_", name)
