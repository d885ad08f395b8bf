"""Errors as problem documents (RFC 9457)."""

import json
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap, Send

from colonnade.errors import LONGEST_STEP, ColonnadeError, in_short
from colonnade.http import AnyRequest
from colonnade_runtime.calls.foreign_errors import known_error
from colonnade_runtime.observability.secret_paths import shown_path

MEDIA_TYPE = "application/problem+json"

LONGEST_DETAIL = 1000
"""Characters of the sentence of an answer, and of each text beside it."""


def document(error: ColonnadeError) -> dict[str, Any]:
    """The problem document for an error; `details` become members of their own object."""
    shown: dict[str, Any] = {
        "type": f"urn:colonnade:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": in_short(error.message, LONGEST_DETAIL),
        "code": error.code,
    }
    if error.fields:
        shown["errors"] = [
            {"pointer": item.pointer, "detail": item.message, "code": item.code}
            for item in error.fields
        ]
    if error.details:
        shown["details"] = _in_short(error.details)
    return shown


def _in_short(value: Any) -> Any:
    """Data without long text: what quotes a request must not make its answer as large."""
    if isinstance(value, str):
        return in_short(value, LONGEST_DETAIL)
    if isinstance(value, dict):
        return {in_short(str(name), LONGEST_STEP): _in_short(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_in_short(each) for each in value]
    return value


def headers_of(error: ColonnadeError) -> dict[str, str]:
    """The headers that go with an error; `retry_after` in its details becomes one."""
    headers = dict(error.headers)
    if "retry_after" in error.details:
        headers.setdefault("Retry-After", str(error.details["retry_after"]))
    return headers


async def send_problem(send: Send, error: ColonnadeError) -> None:
    """Answer an ASGI request with a problem, before or beside Litestar."""
    body = json.dumps(document(error)).encode()
    # In the order in which Litestar sends them: an answer does not tell which way it came.
    headers = [
        *((name.lower().encode(), value.encode()) for name, value in headers_of(error).items()),
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def exception_handlers(log: Any) -> ExceptionHandlersMap:
    """Exception handlers for Litestar: problem documents, never a trace."""

    def known(request: AnyRequest, error: ColonnadeError) -> Response[bytes]:
        return Response(
            json.dumps(document(error)).encode(),
            status_code=error.status,
            media_type=MEDIA_TYPE,
            headers=headers_of(error),
        )

    def foreign(request: AnyRequest, error: Exception) -> Response[bytes]:
        told = known_error(error)
        if not isinstance(error, HTTPException) or told.status >= 500:
            log.error("request failed", path=shown_path(request.scope["path"]), exc_info=error)
        return known(request, told)

    return {ColonnadeError: known, HTTPException: foreign, Exception: foreign}
