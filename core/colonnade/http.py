"""Binds operations to HTTP: one line a route, the same conventions for every service.

    class CourseController(Controller):
        path = "/courses"
        tags = ["courses"]
        create = post("/", CreateCourse, location="/api/v1/courses/{id}")
        read = get("/{course_id:str}", GetCourse)

Path parameters, query parameters and the JSON body become the operation's request, validated
strictly. The answer becomes JSON with `ETag` (where it has a `version`), `Location` and `Link`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from colonnade.field_errors import MAXIMUM_FIELD_ERRORS, field_errors
from colonnade.http_compression import compressed, holds_no_secret
from colonnade.http_files import require_stream, send_file, take_file
from colonnade.http_requests import EDGE, JSON, AnyRequest, Edge, edge_of, read_request
from colonnade.idempotency import HEADER as IDEMPOTENCY_KEY
from colonnade.idempotency import checked_key, refuse_key
from colonnade.messages import Empty, Message, Request
from colonnade.operations import Operation, Stream, operation_of

__all__ = [
    "BINDING",
    "EDGE",
    "JSON",
    "MAXIMUM_FIELD_ERRORS",
    "AnyRequest",
    "Binding",
    "Edge",
    "bind",
    "delete",
    "download",
    "edge_of",
    "field_errors",
    "get",
    "if_match",
    "is_known",
    "next_link",
    "patch",
    "post",
    "put",
    "read_request",
    "respond",
    "upload",
]

ResponseT = TypeVar("ResponseT", bound=Message)

BINDING = "colonnade_binding"
"""The key of a handler's `opt` that holds its `Binding`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Binding of one operation to one route; OpenAPI and the tenant matrix are made from these."""

    method: str
    operation: Operation
    status: int
    location: str | None = None
    body: str = JSON
    """Media type of the request's body."""
    answer: str = JSON
    """Media type of the response's body; several are separated by commas, and `*/*` is any."""
    plain: bool = False
    """The route was made here: its whole response follows from the operation's answer."""
    idempotency_key: bool = False
    """True when the header `Idempotency-Key` is required."""
    keyed: bool = False
    """True when the header is taken and may be left out."""
    compressed: bool = False
    """True when a long answer is sent in the coding that the client takes."""
    raw: bool = False
    """True when the body is taken as it comes: its form is the sender's, not the operation's."""
    maximum_body: int | None = None
    """Bytes that the body may have; None is what the gateway allows everywhere."""
    answers: Mapping[int, type[Message]] = field(default_factory=dict)
    """Content of the answer by status, where a route has several or answers with a part."""
    page: bool = False
    """True when links in mails lead people here: answers and refusals may be HTML."""
    form: bool = False
    """True when the form of such a page is taken beside JSON."""
    fields_in_query: bool = False
    """True when the body is a file, and the operation's fields come from the path and the query."""
    conditional: bool = False
    """True when the field `conditions` is made of the headers of RFC 9110 §13 and §14:
    conditions and ranges, for bytes that the operation answers."""

    @property
    def creates(self) -> bool:
        """True when something new comes of the request: a repetition would make a second one."""
        made = 201 in (self.status, *self.answers)
        return self.method == "POST" and (made or self.location is not None)


def get(path: str, request: type[Request[Any]], *, compressed: bool = True) -> HTTPRouteHandler:
    """Read: everything the operation takes comes from the path and the query. What is long is sent
    compressed, unless `compressed` is false, the answer has a `version` and with it an `ETag`, or
    a field of it is `Confidential`."""
    operation = operation_of(request)
    harmless = holds_no_secret(operation.response)
    untagged = "version" not in operation.response.model_fields
    binding = Binding("GET", operation, 200, compressed=compressed and harmless and untagged)
    return _route(path, request, binding)


def post(
    path: str,
    request: type[Request[Any]],
    *,
    status: int = 201,
    location: str | None = None,
    idempotency_key: bool = False,
    keyed: bool = False,
    maximum_body: int | None = None,
) -> HTTPRouteHandler:
    """Create or do. `location` is a template over the answer's fields. With `idempotency_key`
    the header of that name is required, and the handler uses `colonnade.idempotency.once`; with
    `keyed` it may be sent, and the handler uses `once_if_keyed`. A route that creates and has
    neither refuses the header.
    `maximum_body` is how many bytes the body may have where that is not what the gateway allows
    everywhere."""
    binding = Binding("POST", operation_of(request), status, location)
    binding = replace(binding, idempotency_key=idempotency_key, keyed=keyed)
    binding = replace(binding, maximum_body=maximum_body)
    return _route(path, request, binding)


def put(path: str, request: type[Request[Any]], *, status: int = 200) -> HTTPRouteHandler:
    """Replace."""
    return _route(path, request, Binding("PUT", operation_of(request), status))


def patch(
    path: str, request: type[Request[Any]], *, status: int = 200, maximum_body: int | None = None
) -> HTTPRouteHandler:
    """Change some fields; those not given stay as they are. `maximum_body` as in `post`."""
    binding = Binding("PATCH", operation_of(request), status, maximum_body=maximum_body)
    return _route(path, request, binding)


def delete(path: str, request: type[Request[Any]]) -> HTTPRouteHandler:
    """Remove; answers 204."""
    return _route(path, request, Binding("DELETE", operation_of(request), 204))


def download(
    path: str, request: type[Request[Any]], *, media_types: Sequence[str] = ("*/*",)
) -> HTTPRouteHandler:
    """Read a file: the operation is a `Request[FileHead]` with `stream=Stream.DOWNLOAD`, and what
    it takes comes from the path and the query. `media_types` are those that it may answer.

    Raises:
        ConfigurationError: the operation is no download.
    """
    model, operation = request, operation_of(request)
    require_stream(operation, Stream.DOWNLOAD)

    async def handle(self: Any, request: AnyRequest) -> Response[Any]:
        return await send_file(request, model)

    return _streaming(path, Binding("GET", operation, 200, answer=", ".join(media_types)), handle)


def upload(
    path: str,
    request: type[Request[Any]],
    *,
    maximum_body: int | None,
    media_types: Sequence[str] = ("application/octet-stream",),
    status: int = 201,
    location: str | None = None,
) -> HTTPRouteHandler:
    """Take a file as it arrives, for an operation with `stream=Stream.UPLOAD`; its fields come from
    the path and the query. It may have `maximum_body` bytes; None leaves that to the handler.

    The body is the file itself, of one of `media_types`. With `("multipart/form-data",)` it is a
    form with the one field `file`, whose file name and media type become the request's `name` and
    `declared_type`, where it has such fields. `location` as in `post`.

    Raises:
        ConfigurationError: the operation takes no upload.
    """
    model, operation = request, operation_of(request)
    require_stream(operation, Stream.UPLOAD)

    async def handle(self: Any, request: AnyRequest) -> Response[Any]:
        refuse_key(request.headers.get(IDEMPOTENCY_KEY))
        answer = await take_file(request, model, media_types, maximum_body)
        return respond(request, answer, status, location)

    body = ", ".join(media_types)
    binding = Binding("POST", operation, status, location, body, maximum_body=maximum_body)
    return _streaming(path, replace(binding, fields_in_query=True), handle)


def _streaming(
    path: str, binding: Binding, handle: Callable[[Any, AnyRequest], Awaitable[Response[Any]]]
) -> HTTPRouteHandler:
    handle.__annotations__.update({"return": Response[Any], "request": AnyRequest})
    handle.__name__ = handle.__qualname__ = f"{binding.method.lower()}_{binding.operation.name}"
    handler = HTTPRouteHandler(
        path,
        http_method=cast("Any", binding.method),
        status_code=binding.status,
        opt={BINDING: binding},
    )
    return handler(handle)


def bind(
    method: str,
    request: type[Request[Any]],
    *,
    status: int = 200,
    body: str = JSON,
    answer: str = JSON,
    location: str | None = None,
    raw: bool = False,
    answers: Mapping[int, type[Message]] | None = None,
    conditional: bool = False,
    page: bool = False,
) -> dict[str, Any]:
    """The `opt` of a handwritten handler (an upload, a download), so that it is known too:
    `@post("/files", opt=bind("POST", UploadFile, body="multipart/form-data"))`.

    `answers` says what each status comes with, where that is not the operation's answer."""
    operation = operation_of(request)
    binding = Binding(method, operation, status, location, body, answer, raw=raw, page=page)
    return {BINDING: replace(binding, answers=answers or {}, conditional=conditional)}


def _route(path: str, model: type[Request[Any]], binding: Binding) -> HTTPRouteHandler:
    method, status = binding.method, binding.status
    binding = replace(binding, plain=True)

    async def handle(self: Any, request: AnyRequest) -> Response[bytes]:
        has_body = method in ("POST", "PUT", "PATCH")
        message = await read_request(
            request, model, has_body=has_body, maximum_body=binding.maximum_body
        )
        wanted: dict[str, Any] = {"expected_versions": if_match(request)}
        key = request.headers.get(IDEMPOTENCY_KEY)
        if binding.idempotency_key or (binding.keyed and key is not None):
            wanted["idempotency_key"] = checked_key(key)
        elif binding.creates:
            refuse_key(key)
        answer = await edge_of(request).ask(message, **wanted)
        response = respond(request, answer, status, binding.location)
        if binding.compressed:
            return await compressed(response, request.headers.get("accept-encoding"))
        return response

    if status == 204:
        # Litestar refuses a 204 whose handler says that it answers with a body.
        handle.__annotations__["return"] = Response[None]
    handle.__name__ = handle.__qualname__ = f"{method.lower()}_{model.__name__}"
    handler = HTTPRouteHandler(
        path, http_method=cast("Any", method), status_code=status, opt={BINDING: binding}
    )
    return handler(handle)


def respond(
    request: AnyRequest, answer: Message, status: int = 200, location: str | None = None
) -> Response[bytes]:
    """The HTTP response for an operation's answer."""
    if isinstance(answer, Empty):
        empty = status if status != 200 else 204
        return Response(content=b"", status_code=empty, media_type=JSON)
    headers: dict[str, str] = {}
    version = getattr(answer, "version", None)
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
        if request.method == "GET" and is_known(request, version):
            return Response(content=b"", status_code=304, media_type=JSON, headers=headers)
    if location is not None:
        headers["Location"] = location.format_map(_Fields(answer))
    following = getattr(answer, "next_cursor", None)
    if isinstance(following, str):
        given = list(request.query_params.multi_items())
        headers["Link"] = next_link(request.scope["path"], given, following)
    return Response(content=answer.encode(), status_code=status, media_type=JSON, headers=headers)


def next_link(path: str, query: Sequence[tuple[str, str]], cursor: str) -> str:
    """The `Link` to the next page of a list that was asked for at `path` (RFC 8288)."""
    others = [item for item in query if item[0] != "cursor"]
    return f'<{quote(path)}?{urlencode([*others, ("cursor", cursor)])}>; rel="next"'


class _Fields(dict[str, Any]):
    """Looks format fields up on a message."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message

    def __missing__(self, name: str) -> Any:
        return getattr(self._message, name)


def if_match(request: AnyRequest) -> frozenset[int] | None:
    """The versions that `If-Match` names, or None when any will do (RFC 9110 §13.1.1).

    An entity tag that is none of ours matches nothing, which makes the precondition fail.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    tags = (tag.strip() for tag in header.split(","))
    return frozenset(
        int(tag[1:-1])
        for tag in tags
        if len(tag) < 20
        and tag[:1] == tag[-1:] == '"'
        and tag[1:-1].isascii()
        and tag[1:-1].isdigit()
    )


def is_known(request: AnyRequest, version: int) -> bool:
    """Tell whether `If-None-Match` names this version (RFC 9110 §13.1.2).

    The comparison is weak, so a tag that a proxy has marked as such counts too.
    """
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
    return any(tag in ("*", f'"{version}"') for tag in tags)
