"""Answers a read whose address is known, without the router.

What is learnt is learnt from the router: which request an address stands for, and with which
status and headers its answer went out. Everything that decides whether a caller gets it (tenant,
credentials, policy) happens before, for every request; see docs/decisions/hot-reads.md.
"""

from collections.abc import Mapping
from functools import lru_cache
from secrets import token_hex
from typing import Any, NamedTuple

from cachetools import LRUCache
from litestar import Request as HttpRequest
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from colonnade.context import Context, use_context
from colonnade.http import BINDING, JSON, Binding, next_link
from colonnade.http_compression import MINIMUM, coded, preferred_coding
from colonnade.messages import Request
from colonnade.operations import Operation, operation_of
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.row_cache.cache import CachedAnswer, Target
from colonnade_runtime.edge.http.default_headers import REVALIDATED, completed

MAXIMUM_TARGETS = 10_000
"""Addresses whose meaning is kept; the least recently asked for make room."""

MAXIMUM_TARGET = 512
"""Characters of path and query; the meaning of a longer address is not kept."""

CONDITIONAL = frozenset({b"if-match", b"if-none-match", b"if-modified-since", b"range"})
"""Headers that can change an answer; a request with one goes through the router."""


class Response(NamedTuple):
    """A whole HTTP response; `route` is the template of the path that it answers, if known."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: str = ""


class _Meaning(NamedTuple):
    operation: Operation
    request: Request[Any]
    payload: bytes
    route: str
    following: str
    """`Link` of a page to the next, with a placeholder for its cursor."""
    compressed: bool


class HotReads:
    """Requests by address, on top of the dispatcher and its row cache."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._meanings: LRUCache[Target, _Meaning] = LRUCache(MAXIMUM_TARGETS)

    def answer(
        self, scope: HTTPScope, headers: Mapping[bytes, bytes], context: Context
    ) -> Response | None:
        """The kept response for the caller in `context`, or nothing when it has to be asked for."""
        target = (scope["path"], scope["query_string"])
        meaning = self._meaning(scope, target, headers)
        if meaning is None or not meaning.operation.cached:
            return None
        kept = self._dispatcher.remembered(meaning.operation, meaning.payload, context)
        head = kept.heads.get(target) if kept is not None else None
        if kept is None or head is None:
            return None
        coding = _coding(meaning, kept.body, headers)
        if coding is None:
            return Response(head[0], head[1], kept.body, meaning.route)
        body = kept.codings.get(coding)
        if body is None:
            return None
        return Response(head[0], _coded_head(head[1], coding, body), body, meaning.route)

    async def read(
        self, scope: HTTPScope, headers: Mapping[bytes, bytes], context: Context
    ) -> Response | None:
        """The response, asked of the dispatcher; nothing when the router has to find out what is
        asked.

        Raises:
            ColonnadeError: the operation refuses.
        """
        target = (scope["path"], scope["query_string"])
        meaning = self._meaning(scope, target, headers)
        if meaning is None:
            return None
        scope["path_template"] = meaning.route
        with use_context(context):
            answer = await self._dispatcher.do(meaning.request)
        body = answer.encode()
        head = completed(_head(answer, body, meaning), REVALIDATED)
        kept = None
        if meaning.operation.cached:
            kept = self._remember_head(meaning, target, context, Response(200, head, body))
        coding = _coding(meaning, body, headers)
        if coding is not None:
            body = await coded(body, coding)
            head = _coded_head(head, coding, body)
            if kept is not None:
                self._dispatcher.cache.keep_coding(kept, coding, body)
        return Response(200, head, body, meaning.route)

    def learn(
        self,
        scope: HTTPScope,
        headers: Mapping[bytes, bytes],
        context: Context,
        request: Request[Any],
        sent: Response,
    ) -> None:
        """Remember what an address means, if its answers follow from the operation's alone."""
        target = (scope["path"], scope["query_string"])
        if scope["method"] != "GET" or len(target[0]) + len(target[1]) > MAXIMUM_TARGET:
            return
        if sent.status != 200 or not CONDITIONAL.isdisjoint(headers):
            return
        if not _is_plain(scope.get("route_handler")):
            return
        query = list(HttpRequest[Any, Any, Any](scope).query_params.multi_items())
        following = next_link(target[0], query, _CURSOR)
        route = scope.get("path_template", "")
        operation, payload = operation_of(type(request)), request.encode()
        binding: Binding = scope["route_handler"].opt[BINDING]
        meaning = self._meanings[target] = _Meaning(
            operation, request, payload, route, following, binding.compressed
        )
        if operation.cached:
            self._remember_head(meaning, target, context, sent)

    def _meaning(
        self, scope: HTTPScope, target: Target, headers: Mapping[bytes, bytes]
    ) -> _Meaning | None:
        if scope["method"] != "GET" or not CONDITIONAL.isdisjoint(headers):
            return None
        meaning: _Meaning | None = self._meanings.get(target)
        return meaning

    def _remember_head(
        self, meaning: _Meaning, target: Target, context: Context, sent: Response
    ) -> CachedAnswer | None:
        """Keep the head with the answer, if that is kept as it was sent."""
        kept = self._dispatcher.kept(meaning.operation, meaning.payload, context)
        if kept is None or kept.body != sent.body:
            return None
        kept.remember_head(target, (sent.status, completed(sent.headers, REVALIDATED)))
        return kept


def _head(answer: Any, body: bytes, meaning: _Meaning) -> list[tuple[bytes, bytes]]:
    """The headers that the router answers with; see `colonnade.http.respond`."""
    head = []
    version = getattr(answer, "version", None)
    if isinstance(version, int):
        head.append((b"etag", f'"{version}"'.encode()))
    following = getattr(answer, "next_cursor", None)
    if isinstance(following, str):
        # Cursors are base64url, which an address takes as it is.
        head.append((b"link", meaning.following.replace(_CURSOR, following).encode()))
    if meaning.compressed and len(body) >= MINIMUM:
        head.append((b"vary", b"Accept-Encoding"))
    length = str(len(body)).encode()
    return [*head, (b"content-type", _JSON), (b"content-length", length)]


def _coding(meaning: _Meaning, body: bytes, headers: Mapping[bytes, bytes]) -> str | None:
    """The coding in which a client takes an answer that may be compressed."""
    accepted = headers.get(b"accept-encoding")
    if not meaning.compressed or accepted is None or len(body) < MINIMUM:
        return None
    return preferred_coding(accepted.decode("latin-1"))


def _coded_head(
    head: list[tuple[bytes, bytes]], coding: str, body: bytes
) -> list[tuple[bytes, bytes]]:
    """The headers of a response whose body is `body` in a coding."""
    made = []
    for name, value in head:
        if name == b"content-type":
            made.append((b"content-encoding", coding.encode()))
        made.append((name, str(len(body)).encode() if name == b"content-length" else value))
    return made


_JSON = JSON.encode()
_CURSOR = f"cursor-{token_hex(16)}"
"""Stands for a cursor; nobody can bring it along in a query."""


@lru_cache(maxsize=1_000)
def _is_plain(handler: object) -> bool:
    """True when the response comes from a binding of `colonnade.http.get` and nothing else."""
    if not isinstance(handler, HTTPRouteHandler):
        return False
    binding = handler.opt.get(BINDING)
    surroundings = (
        handler.resolve_guards(),
        handler.resolve_middleware(),
        handler.resolve_before_request(),
        any(getattr(layer, "after_request", None) for layer in handler.ownership_layers),
        handler.resolve_after_response(),
        handler.resolve_response_headers(),
        handler.resolve_response_cookies(),
    )
    return isinstance(binding, Binding) and binding.plain and not any(surroundings)
