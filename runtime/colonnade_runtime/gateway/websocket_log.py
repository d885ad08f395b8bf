"""Lines of the access log about WebSockets: one when it opens, one when it closes."""

import time
from datetime import UTC, datetime
from typing import Any

from colonnade_runtime.edge.http.access_log import AccessLine, AccessLog

SWITCHING_PROTOCOLS = 101
"""The status of a handshake that worked (RFC 6455 §4.2.2)."""

FORBIDDEN = 403
"""Close code for a handshake that no application accepted."""


class WebSocketLine(AccessLine):
    """Line of one WebSocket. `close_code` is null while it is open (RFC 6455 §7.4)."""

    close_code: int | None = None


class WebSocketLog:
    """The lines of one WebSocket. Without an access log it keeps silent."""

    def __init__(
        self, access_log: AccessLog | None, scope: Any, client: str, request_id: str
    ) -> None:
        self._access_log = access_log
        self._path: str = scope["path"]
        self._client = client
        self._request_id = request_id
        self._began = time.perf_counter()
        self._caller: tuple[str | None, str | None] = (None, None)
        self._is_open = False

    def opened(self, caller: tuple[str, str] | None) -> None:
        """Log that it was accepted, for the tenant and principal that the process named."""
        self._caller = caller or (None, None)
        self._is_open = True
        self._record("websocket opened", SWITCHING_PROTOCOLS, None)

    def closed(self, code: int) -> None:
        """Log its end, once, with its duration in milliseconds."""
        if self._is_open:
            self._is_open = False
            self._record("websocket closed", SWITCHING_PROTOCOLS, code)

    def refused(self, code: int) -> None:
        """Log a handshake that failed."""
        self._record("websocket refused", FORBIDDEN, code)

    def _record(self, event: str, status: int, close_code: int | None) -> None:
        if self._access_log is None:
            return
        tenant, principal = self._caller
        self._access_log.record(
            WebSocketLine(
                timestamp=datetime.now(UTC),
                method="GET",
                path=self._path,
                status=status,
                milliseconds=round((time.perf_counter() - self._began) * 1000, 1),
                request_id=self._request_id,
                tenant=tenant,
                principal=principal,
                client=self._client,
                traceparent=None,
                event=event,
                close_code=close_code,
            )
        )
