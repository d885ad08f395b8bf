"""Answers a read that was answered before, without the router.

What is learnt is learnt from the router: which request an address stands for, and with which
status and headers its answer went out. Everything that decides whether a caller gets it (tenant,
credentials, policy) happens before, for every request; see docs/decisions/hot-reads.md.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cachetools import LRUCache
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope

from colonnade.context import Context
from colonnade.http import BINDING, Binding
from colonnade.messages import Request
from colonnade.operations import Operation, operation_of
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.row_cache.cache import Target
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
    payload: bytes
    route: str


class HotReads:
    """Requests by address, on top of the dispatcher's row cache."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._meanings: LRUCache[Target, _Meaning] = LRUCache(MAXIMUM_TARGETS)

    def answer(
        self, scope: HTTPScope, headers: Mapping[bytes, bytes], context: Context
    ) -> Response | None:
        """The response for the caller in `context`, or nothing when the router has to find it."""
        target = (scope["path"], scope["query_string"])
        meaning = self._meanings.get(target)
        if meaning is None or scope["method"] != "GET" or not CONDITIONAL.isdisjoint(headers):
            return None
        kept = self._dispatcher.remembered(meaning.operation, meaning.payload, context)
        head = kept.heads.get(target) if kept is not None else None
        if kept is None or head is None:
            return None
        return Response(head[0], head[1], kept.body, meaning.route)

    def learn(
        self,
        scope: HTTPScope,
        headers: Mapping[bytes, bytes],
        context: Context,
        request: Request[Any],
        sent: Response,
    ) -> None:
        """Remember what the router answered, if every caller's answer follows from the cache."""
        target = (scope["path"], scope["query_string"])
        if scope["method"] != "GET" or len(target[0]) + len(target[1]) > MAXIMUM_TARGET:
            return
        if not CONDITIONAL.isdisjoint(headers) or not _is_plain(scope.get("route_handler")):
            return
        operation, payload = operation_of(type(request)), request.encode()
        kept = self._dispatcher.kept(operation, payload, context)
        if kept is None or kept.body != sent.body:
            return
        kept.remember_head(target, (sent.status, completed(sent.headers, REVALIDATED)))
        self._meanings[target] = _Meaning(operation, payload, scope.get("path_template", ""))


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
