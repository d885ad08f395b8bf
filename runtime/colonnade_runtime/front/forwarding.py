"""One request on its way to another process and back, streamed in both directions."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
from litestar.types import HTTPScope, Receive, Send

from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.front.upstreams import Upstream
from colonnade_runtime.gateway.exchange import Exchange

NOT_READY = b"colonnade-not-ready"
"""The header with which a process says that it starts or stops, and did nothing."""

BUFFERED = 64 * 1024
"""Bytes of a body that are kept, so that the request can be sent again."""

# RFC 9110 §7.6.1: these are between two neighbours, not between the ends.
_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
     b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}
)  # fmt: skip
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REQUEST_ID = b"x-request-id"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class Body:
    """What the client sends: kept whole when it is small, streamed once when not."""

    def __init__(self, scope: HTTPScope, receive: Receive) -> None:
        self._receive = receive
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        self.length = int(length) if length.isdigit() else None
        self.present = b"transfer-encoding" in headers or bool(self.length)
        self._kept: bytes | None = None
        self._streamed = False

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again."""
        return not self.present or not self._streamed

    async def content(self) -> bytes | AsyncIterator[bytes] | None:
        """For one sending."""
        if not self.present:
            return None
        if self._kept is None and self.length is not None and self.length <= BUFFERED:
            self._kept = b"".join([chunk async for chunk in self._chunks()])
        if self._kept is not None:
            return self._kept
        return self._stream()

    async def _stream(self) -> AsyncIterator[bytes]:
        self._streamed = True
        async for chunk in self._chunks():
            yield chunk

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            message: Any = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("The client went away.")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return


class Forwarder:
    """Sends requests on, over connections that are kept."""

    def __init__(self, timeout: float) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout, connect=2.0),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=256),
            trust_env=False,
        )
        self._timeout = timeout

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def ready(self, upstreams: Sequence[Upstream]) -> list[Upstream]:
        """Those that say they are ready, within less than a second."""
        answers = await asyncio.gather(*map(self._is_ready, upstreams))
        return [each for each, ready in zip(upstreams, answers, strict=True) if ready]

    async def forward(
        self,
        choose: Callable[[set[Upstream]], Upstream | None],
        scope: HTTPScope,
        receive: Receive,
        exchange: Exchange,
        patience: float,
    ) -> None:
        """Have the request answered by one of those that `choose` offers.

        One that certainly reached nobody is sent to another, and for `patience` seconds again.

        Raises:
            Unavailable: nobody takes it, or the one who had it went away; see the message.
            DeadlineExceeded: no answer in time; it may have happened.
        """
        body = Body(scope, receive)
        until = time.monotonic() + patience
        tried: set[Upstream] = set()
        while True:
            upstream = choose(tried)
            if upstream is not None:
                if await self._attempt(upstream, scope, body, exchange):
                    return
                tried.add(upstream)
            if not body.repeatable or time.monotonic() > until:
                raise Unavailable("Nobody can answer this at the moment.", details=_RETRY)
            if upstream is None:
                tried.clear()
                await asyncio.sleep(0.05)

    async def _is_ready(self, upstream: Upstream) -> bool:
        try:
            answer = await self._client.get(f"{upstream.place.url}/readyz", timeout=0.8)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    async def _attempt(
        self, upstream: Upstream, scope: HTTPScope, body: Body, exchange: Exchange
    ) -> bool:
        """Whether it was answered; False when nothing can have happened."""
        upstream.outstanding += 1
        try:
            response = await self._sent(upstream, scope, body, exchange.request_id)
            if response is None:
                return False
            try:
                if NOT_READY in dict(response.headers.raw):
                    upstream.breaker.failed()
                    return False
                upstream.breaker.succeeded()
                await _answer(response, exchange)
                return True
            finally:
                await response.aclose()
        finally:
            upstream.outstanding -= 1

    async def _sent(
        self, upstream: Upstream, scope: HTTPScope, body: Body, request_id: str
    ) -> httpx.Response | None:
        request = self._client.build_request(
            scope["method"],
            _url(upstream, scope),
            headers=_headers(scope, request_id),
            content=await body.content(),
        )
        try:
            return await self._client.send(request, stream=True)
        except _NOT_REACHED:
            upstream.breaker.failed()
            return None
        except httpx.TimeoutException:
            raise DeadlineExceeded(
                f"No answer within {self._timeout:g} seconds; it may have happened."
            ) from None
        except httpx.TransportError as error:
            upstream.breaker.failed()
            if scope["method"] in _HARMLESS:
                return None
            why = f"The process that had it went away ({type(error).__name__})"
            raise Unavailable(f"{why}; it may have happened.") from None


_RETRY = {"retry_after": 1}


async def _answer(response: httpx.Response, send: Send) -> None:
    kept = response.headers.raw
    # The request's id is ours, and added where everything is sent.
    headers = [pair for pair in kept if pair[0].lower() not in _HOP_BY_HOP | {_REQUEST_ID}]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _url(upstream: Upstream, scope: HTTPScope) -> httpx.URL:
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    return httpx.URL(upstream.place.url).copy_with(raw_path=path + (b"?" + query if query else b""))


def _headers(scope: HTTPScope, request_id: str) -> list[tuple[bytes, bytes]]:
    dropped = _HOP_BY_HOP | {_REQUEST_ID}
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in dropped]
    headers.append((_REQUEST_ID, request_id.encode()))
    client = scope.get("client")
    if client is not None:
        before = [value for name, value in headers if name == b"x-forwarded-for"]
        headers = [pair for pair in headers if pair[0] != b"x-forwarded-for"]
        headers.append((b"x-forwarded-for", b", ".join([*before, client[0].encode()])))
    return headers
