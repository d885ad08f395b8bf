"""Requests as they come over HTTP, made into those of operations.

Path, query and body are one request, validated strictly. What is wrong with it is told by pointers
that a client can follow.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast

import pydantic
import pydantic_core
from litestar import Request as HttpRequest

from colonnade.errors import (
    ContentTooLarge,
    FieldError,
    InvalidRequest,
    NotFound,
    UnsupportedMediaType,
    ValidationFailed,
)
from colonnade.field_errors import MAXIMUM_FIELD_ERRORS, Place, places_of, told
from colonnade.messages import Message, Request
from colonnade.operations import Download

ResponseT = TypeVar("ResponseT", bound=Message)
AnyRequest = HttpRequest[Any, Any, Any]

EDGE = "colonnade_edge"
"""The key of the ASGI scope under which the runtime puts the `Edge` of this request."""

JSON = "application/json"

LARGEST_WHOLE = 2**53
"""Beyond it, a number with a fraction no longer tells one integer from the next (RFC 8259 §6)."""


class Edge(Protocol):
    """Door to the dispatcher for one HTTP request."""

    maximum_body: int
    """Bytes a JSON body may have."""

    async def ask(
        self,
        request: Request[ResponseT],
        *,
        expected_versions: frozenset[int] | None = None,
        idempotency_key: str | None = None,
    ) -> ResponseT:
        """Ask the operation as the caller of this request."""
        ...

    async def upload(self, request: Request[ResponseT], chunks: AsyncIterator[bytes]) -> ResponseT:
        """Ask an operation that takes a stream."""
        ...

    async def download(self, request: Request[Any]) -> Download:
        """Ask an operation that answers with a stream."""
        ...


def edge_of(request: AnyRequest) -> Edge:
    """The door to the dispatcher for this HTTP request."""
    return cast("Edge", request.scope[EDGE])  # type: ignore[literal-required]


async def read_request(
    request: AnyRequest,
    model: type[Request[ResponseT]],
    *,
    has_body: bool,
    maximum_body: int | None = None,
) -> Request[ResponseT]:
    """The operation's request from path, query and body.

    Without `maximum_body` the body may have as many bytes as the gateway allows.

    Raises:
        InvalidRequest: the body is not a JSON object.
        NotFound: a path parameter cannot be an id of anything.
        UnsupportedMediaType: the body is not JSON.
        ContentTooLarge: the body is larger than the gateway takes.
        ValidationFailed: fields are wrong, missing or unknown; all of them are named.
    """
    in_path = {name: str(value) for name, value in request.path_params.items()}
    if not has_body:
        return _from_query(request, model, in_path)
    body = await _body(request, maximum_body or edge_of(request).maximum_body)
    if body.strip():
        _require_json(request)
        if not in_path:
            # Parsed once when nothing is wrong; what is wrong is told better below.
            with suppress(pydantic.ValidationError):
                return model.decode_strict(body)
    values = _json_object(body)
    for name in in_path:
        if name in values:
            raise ValidationFailed(
                fields=[FieldError(f"/{name}", "is given by the path", "unknown_field")]
            )
    return _validated(
        lambda given: model.decode_strict(pydantic_core.to_json(given)), values | in_path, in_path
    )


def read_fields(
    request: AnyRequest, model: type[Request[ResponseT]], more: dict[str, str]
) -> Request[ResponseT]:
    """The operation's request from path and query, and `more` fields that neither may name.

    Raises:
        NotFound: a path parameter cannot be an id of anything.
        ValidationFailed: fields are wrong, missing or unknown; all of them are named.
    """
    in_path = {name: str(value) for name, value in request.path_params.items()}
    return _from_query(request, model, in_path, more)


def _from_query(
    request: AnyRequest,
    model: type[Request[ResponseT]],
    in_path: dict[str, str],
    more: Mapping[str, str] = MappingProxyType({}),
) -> Request[ResponseT]:
    values: dict[str, Any] = dict(more)
    repeated = []
    for name, value in request.query_params.multi_items():
        if name in values or name in in_path:
            repeated.append(FieldError(f"?{name}", "is given twice", "repeated"))
        values[name] = value
    if repeated:
        raise ValidationFailed(fields=repeated[:MAXIMUM_FIELD_ERRORS])
    return _validated(model.model_validate_strings, values | in_path, in_path, query=True)


async def _body(request: AnyRequest, maximum: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > maximum:
            raise ContentTooLarge(f"A JSON body may have {maximum} bytes at most.")
        chunks.append(chunk)
    return b"".join(chunks)


def _require_json(request: AnyRequest) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON and not media_type.endswith("+json"):
        raise UnsupportedMediaType("Send the body as JSON, with 'Content-Type: application/json'.")


def _json_object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        values = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(
            f"The body is not JSON: {error}.", fields=[FieldError("", str(error), "json")]
        ) from None
    if not isinstance(values, dict):
        raise InvalidRequest(
            "The body must be a JSON object.", fields=[FieldError("", "not an object", "json")]
        )
    return values


def _validated(
    validate: Callable[[dict[str, Any]], Request[ResponseT]],
    values: dict[str, Any],
    in_path: dict[str, str],
    *,
    query: bool = False,
) -> Request[ResponseT]:
    try:
        return validate(values)
    except pydantic.ValidationError as error:
        found = list(places_of(error, values))
        if any(place and place[0] in in_path for _, place in found):
            raise NotFound("There is nothing of this id.") from None
        whole = [place for detail, place in found if detail["type"] == "int_type"]
        if sum(_made_whole(values, place) for place in whole):
            return _validated(validate, values, in_path, query=query)
        raise ValidationFailed(fields=told(found[:MAXIMUM_FIELD_ERRORS], query=query)) from None


def _made_whole(values: dict[str, Any], place: Place) -> bool:
    """Write the number at `place` without a fraction if it has none: `49.0` is the integer 49
    (JSON Schema 2020-12, §6.1.1 of validation; RFC 8259 §6 knows one kind of number)."""
    holder: Any = values
    for step in place[:-1]:
        holder = holder[step]
    number = holder[place[-1]] if place else None
    if not isinstance(number, float) or not number.is_integer() or abs(number) > LARGEST_WHOLE:
        return False
    holder[place[-1]] = int(number)
    return True
