"""One WebSocket, passed through in both directions."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import aiohttp

from colonnade.background_tasks import background_task
from colonnade_runtime.edge.http.caller_header import CALLER, read_caller
from colonnade_runtime.gateway.headers import to_upstream, url_of
from colonnade_runtime.gateway.upstreams import Upstream
from colonnade_runtime.gateway.websocket_log import WebSocketLog

# RFC 6455 §7.4.1
GOING_AWAY = 1001
ABNORMAL = 1006
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013

MAXIMUM_MESSAGE = 16 * 1024 * 1024
CLOSE_SECONDS = 2.0


class WebSocketProxy:
    """A client's WebSocket, and the one to the process that answers it."""

    def __init__(
        self, session: aiohttp.ClientSession, receive: Any, send: Any, log: WebSocketLog
    ) -> None:
        self._session = session
        self._log = log
        self._code = GOING_AWAY
        self._client_closed = False
        self._receive = receive
        self._send = send

    async def refuse(self, code: int) -> None:
        """Close before it is accepted, which a client sees as a refused handshake."""
        self._log.refused(code)
        await self._receive()
        await self._send({"type": "websocket.close", "code": code})

    async def through(
        self, upstream: Upstream, scope: Any, request_id: str, forwarded: str
    ) -> bool:
        """Pass messages until either side closes; False when the process was not reached."""
        headers = to_upstream(scope, request_id, forwarded)
        for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
            headers.popall(name, None)
        try:
            there = await self._session.ws_connect(
                url_of(upstream.place, scope),
                protocols=scope.get("subprotocols", ()),
                headers=headers,
                max_msg_size=MAXIMUM_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            upstream.breaker.failed()
            return False
        except (aiohttp.ClientError, TimeoutError, OSError):
            # The process does not want it: a handshake that it refused.
            await self.refuse(INTERNAL_ERROR)
            return True
        async with there:
            await self._receive()
            self._log.opened(_caller_of(there))
            try:
                await self._send({"type": "websocket.accept", "subprotocol": there.protocol})
                await self._pass(there)
            finally:
                self._log.closed(self._code)
        return True

    async def _pass(self, there: aiohttp.ClientWebSocketResponse) -> None:
        """Both ways, until one ends; then the other side is told why."""
        from_client = background_task(self._from_client(there), name="websocket to a process")
        to_client = background_task(self._to_client(there), name="websocket to a client")
        ways = {from_client, to_client}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if to_client.done() and not self._client_closed:
                self._code = _sendable(there.close_code)
        finally:
            # Ended first: the server closes no socket that somebody still waits to receive from.
            for way in ways:
                way.cancel()
            await asyncio.wait(ways, timeout=CLOSE_SECONDS)
            await _quietly(there.close(code=self._code))
            await _quietly(self._send({"type": "websocket.close", "code": self._code}))

    async def _from_client(self, there: aiohttp.ClientWebSocketResponse) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            if message.get("text") is not None:
                await there.send_str(message["text"])
            else:
                await there.send_bytes(message.get("bytes") or b"")
        self._client_closed, self._code = True, _sendable(message.get("code"))
        await there.close(code=self._code)

    async def _to_client(self, there: aiohttp.ClientWebSocketResponse) -> None:
        async for message in there:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._send({"type": "websocket.send", "text": message.data})
            elif message.type is aiohttp.WSMsgType.BINARY:
                await self._send({"type": "websocket.send", "bytes": message.data})


def _caller_of(there: aiohttp.ClientWebSocketResponse) -> tuple[str, str] | None:
    # aiohttp shows the headers of a handshake in no other place.
    return read_caller(there._response.headers.get(CALLER.decode()))


def _sendable(code: int | None) -> int:
    """A code that may be sent: RFC 6455 reserves some for what no peer said."""
    return code if code is not None and code not in (1004, 1005, ABNORMAL, 1015) else GOING_AWAY


async def _quietly(closing: Awaitable[Any]) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except (aiohttp.ClientError, OSError, RuntimeError, TimeoutError):
        return
