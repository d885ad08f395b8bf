"""One request on its way to another process and back, streamed in both directions."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from litestar.types import HTTPScope, Receive

from colonnade.errors import DeadlineExceeded, InvalidRequest, RequestTimeout, Unavailable
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.edge.http.caller_header import CALLER, read_caller
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.gateway.body import Body
from colonnade_runtime.gateway.client import client_session
from colonnade_runtime.gateway.headers import to_upstream, url_of
from colonnade_runtime.gateway.responses import UpstreamResponse
from colonnade_runtime.gateway.upstreams import Upstream
from colonnade_runtime.observability.secret_paths import shown_path

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

    def __init__(self, timeout: float, seal: Seal, log: Any) -> None:
        self._seal = seal
        self._log = log
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
        """Forward the request to one of the upstreams that `choose` offers.

        One that certainly reached nobody is sent to another, and for `patience` seconds again.

        Raises:
            InvalidRequest: the client's body ended before it was complete.
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
        """Return True when it was answered; False when the upstream cannot have seen it."""
        upstream.outstanding += 1
        try:
            response = await self._sent(upstream, scope, body, exchange)
            if response is None:
                return False
            async with response:
                if NOT_READY in response.headers:
                    upstream.ready = False
                    return False
                return await self._answered(response, upstream, scope, exchange)
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
            raise self._late() from None
        except (aiohttp.ClientError, OSError) as error:
            if body.late is not None:
                raise RequestTimeout(body.late) from None
            if body.broken:
                raise InvalidRequest("The body ended before it was complete.") from None
            self._lost(upstream, scope, error)
            return None

    async def _answered(
        self,
        response: aiohttp.ClientResponse,
        upstream: Upstream,
        scope: HTTPScope,
        exchange: Exchange,
    ) -> bool:
        """Return True when an answer was sent on; False when it broke off and may be asked for
        again."""
        answer = UpstreamResponse(response)
        try:
            await answer.begin()
        except TimeoutError:
            raise self._late() from None
        except (aiohttp.ClientError, OSError) as error:
            self._lost(upstream, scope, error)
            return False
        upstream.breaker.succeeded()
        exchange.caller = read_caller(response.headers.get(CALLER.decode()))
        await answer.send_on(exchange)
        return True

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"No answer within {self._timeout:g} seconds; it may have happened."
        )

    def _lost(self, upstream: Upstream, scope: HTTPScope, error: Exception) -> None:
        """The process broke off before its answer was whole.

        Raises:
            Unavailable: unless asking again does no harm.
        """
        upstream.breaker.failed()
        path = shown_path(scope["path"])
        self._log.warning("process went away", process=upstream.place.name, path=path, error=error)
        if scope["method"] not in _HARMLESS:
            raise Unavailable("The process that had it went away; it may have happened.") from None
