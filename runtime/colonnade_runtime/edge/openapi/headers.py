"""The headers of requests and answers, as the API's description names them."""

from typing import Any

from colonnade.http import Binding
from colonnade.idempotency import HEADER, KEY_PATTERN, MAXIMUM_KEY
from colonnade.messages import Empty

PARAMETER = "#/components/parameters/{name}"
ANSWER_HEADER = "#/components/headers/{name}"

OPTIONAL_KEY = f"Optional-{HEADER}"
"""The component for the header where it may be left out."""

_TEXT = {"type": "string"}


def _taken(name: str, description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": name == HEADER,
        "description": description,
        "schema": schema or _TEXT,
    }


PARAMETERS: dict[str, Any] = {
    each["name"]: each
    for each in (
        _taken("X-Tenant", "The academy, where the host is not one of its own."),
        _taken(
            HEADER,
            "The same key and body are done once and answered alike.",
            {"type": "string", "minLength": 1, "maxLength": MAXIMUM_KEY, "pattern": KEY_PATTERN},
        ),
        _taken("If-Match", "Only if the version is still this `ETag`; 412 otherwise."),
        _taken("If-None-Match", "Only if the version is another; 304 otherwise."),
        _taken("If-Modified-Since", "Only if it was changed later; 304 otherwise."),
        _taken("If-Unmodified-Since", "Only if it was not changed later; 412 otherwise."),
        _taken("Range", "Some of the bytes, as `bytes=0-499`; 206, or 416 where there are none."),
        _taken("If-Range", "The range only if this is still the `ETag`; all of it otherwise."),
    )
}

PARAMETERS[OPTIONAL_KEY] = {**PARAMETERS[HEADER], "required": False}

HEADERS: dict[str, Any] = {
    "X-Request-Id": {"description": "The request's id, yours if you sent one.", "schema": _TEXT},
    "ETag": {"description": "The version, for `If-Match` and `If-None-Match`.", "schema": _TEXT},
    "Location": {"description": "Where what was made can be read.", "schema": _TEXT},
    "Link": {"description": 'The next page, with `rel="next"`.', "schema": _TEXT},
    "Retry-After": {
        "description": "Seconds until it is worth asking again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "How to sign in: `Bearer`.", "schema": _TEXT},
    "Cache-Control": {
        "description": "`private, no-cache` for what was read, `no-store` for all else, unless the "
        "documentation says otherwise.",
        "schema": _TEXT,
    },
    "Vary": {"description": "`Authorization, X-Tenant` at least.", "schema": _TEXT},
    "Accept-Ranges": {"description": "`bytes`, where ranges may be asked for.", "schema": _TEXT},
    "Content-Range": {"description": "Which bytes these are, of how many.", "schema": _TEXT},
}

OF_EVERY_ANSWER = ("X-Request-Id", "Cache-Control", "Vary")

_OF_REFUSALS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def taken_by(binding: Binding, *, versioned: bool) -> list[dict[str, Any]]:
    """The header parameters of one operation, whose object is `versioned` or not."""
    names = ["X-Tenant"]
    if binding.idempotency_key:
        names.append(HEADER)
    elif binding.keyed:
        names.append(OPTIONAL_KEY)
    if binding.conditional:
        names += [
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Unmodified-Since",
            "Range",
            "If-Range",
        ]
    elif is_change(binding) and versioned:
        names.append("If-Match")
    elif has_version(binding) and binding.method == "GET":
        names.append("If-None-Match")
    return [{"$ref": PARAMETER.format(name=name)} for name in names]


def of_answer(binding: Binding) -> dict[str, Any]:
    """The headers of the answer when it was done."""
    names = [*OF_EVERY_ANSWER]
    if has_version(binding) or binding.conditional:
        names.append("ETag")
    if binding.location is not None:
        names.append("Location")
    if "next_cursor" in binding.operation.response.model_fields:
        names.append("Link")
    if binding.conditional:
        names.append("Accept-Ranges")
    return referred(*names)


def of_refusal(status: int) -> dict[str, Any]:
    """The headers of a problem document."""
    return referred(*OF_EVERY_ANSWER, *_OF_REFUSALS.get(status, ()))


def referred(*names: str) -> dict[str, Any]:
    """Headers by name, each a reference into the document's components."""
    return {name: {"$ref": ANSWER_HEADER.format(name=name)} for name in names}


def is_change(binding: Binding) -> bool:
    """True when the operation replaces, changes or removes the resource at its path."""
    return binding.plain and binding.method in ("PUT", "PATCH", "DELETE")


def has_version(binding: Binding) -> bool:
    """True when the answer has a version, and with it an `ETag`."""
    response = binding.operation.response
    return binding.plain and response is not Empty and "version" in response.model_fields
