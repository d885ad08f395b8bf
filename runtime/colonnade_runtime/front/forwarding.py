"""One request on its way to another process and back, streamed in both directions."""

import asyncio
import time
from collections.abc import Callable

import aiohttp
from litestar.types import HTTPScope, Receive, Send

from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.forwarded.seal import Seal
from colonnade_runtime.front.body import BUFFERED, Body
from colonnade_runtime.front.client import client_session
from colonnade_runtime.front.headers import to_client, to_upstream, url_of
from colonnade_runtime.front.upstreams import Upstream
from colonnade_runtime.gateway.exchange import Exchange

NOT_READY = "colonnade-not-ready"
"""The header with which a process says that it starts or stops, and did nothing."""

LOOK_AGAIN = 0.05
"""Seconds between two looks for somebody who can answer."""

_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_RETRY = {"retry_after": 1}

Choose = Callable[[set[Upstream]], Upstream | None]
"""The next process to ask, given those that were tried."""


class Forwarder:
    """Sends requests on, over connections that are kept. Made within a loop."""

    def __init__(self, timeout: float, seal: Seal) -> None:
        self._seal = seal
        self.session = client_session(timeout)
        self._timeout = timeout

    async def close(self) -> None:
        """Let go of the connections."""
        await self.session.close()

    async def forward(
        self,
        choose: Choose,
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
                await asyncio.sleep(LOOK_AGAIN)

    async def _attempt(
        self, upstream: Upstream, scope: HTTPScope, body: Body, exchange: Exchange
    ) -> bool:
        """Whether it was answered; False when nothing can have happened."""
        upstream.outstanding += 1
        try:
            response = await self._sent(upstream, scope, body, exchange)
            if response is None:
                return body.gone
            async with response:
                if NOT_READY in response.headers:
                    upstream.ready = False
                    return False
                upstream.breaker.succeeded()
                await _answer(response, exchange)
                return True
        finally:
            upstream.outstanding -= 1

    async def _sent(
        self, upstream: Upstream, scope: HTTPScope, body: Body, exchange: Exchange
    ) -> aiohttp.ClientResponse | None:
        request_id = exchange.request_id
        forwarded = exchange.origin.sealed(self._seal, request_id)
        try:
            return await self.session.request(
                scope["method"],
                url_of(upstream.place, scope),
                headers=to_upstream(scope, request_id, forwarded),
                data=await body.content(),
                allow_redirects=False,
            )
        except _NOT_REACHED:
            upstream.breaker.failed()
            return None
        except TimeoutError:
            raise DeadlineExceeded(
                f"No answer within {self._timeout:g} seconds; it may have happened."
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            if body.gone:
                return None
            upstream.breaker.failed()
            if scope["method"] in _HARMLESS:
                return None
            why = f"The process that had it went away ({type(error).__name__})"
            raise Unavailable(f"{why}; it may have happened.") from None


async def _answer(response: aiohttp.ClientResponse, send: Send) -> None:
    headers = to_client(response.raw_headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    length = response.content_length
    if length is not None and length <= BUFFERED:
        whole = await response.read()
        await send({"type": "http.response.body", "body": whole, "more_body": False})
        return
    async for chunk in response.content.iter_any():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
