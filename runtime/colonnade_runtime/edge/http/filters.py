"""Plugins' middleware around the edge; one that breaks is a problem document, not a silence."""

from collections.abc import Sequence
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from colonnade.adapters import GatewayFilter
from colonnade.errors import InternalError
from colonnade_runtime.edge.http.problems import send_problem
from colonnade_runtime.observability.secret_paths import shown_path


def filtered(application: ASGIApp, filters: Sequence[GatewayFilter], log: Any) -> ASGIApp:
    """`application` within `filters`, outermost first; itself when there is none."""
    if not filters:
        return application
    wrapped: Any = application
    for each in reversed(filters):
        wrapped = each(wrapped)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await wrapped(scope, receive, sending)
        except Exception:
            log.exception("gateway filter failed", path=shown_path(scope.get("path", "")))
            if not started:
                await send_problem(send, InternalError("Something broke; the log says what."))

    return guarded
