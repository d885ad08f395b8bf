"""The routes of a plugin, mounted once for all its tests: that takes longer than most of them."""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, Receive, Scope, Send

from colonnade.errors import ColonnadeError

_MIDDLEWARE = "tests.middleware"

Middleware = Callable[[ASGIApp], ASGIApp]


def mounted(plugin: ModuleType, middleware: Middleware, problem: Any) -> ASGIApp:
    """The routes of `plugin` behind `middleware`; `problem` answers what they raise."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        scope[_MIDDLEWARE] = middleware  # type: ignore[literal-required]
        await _application(plugin, problem)(scope, receive, send)

    return run


@cache
def _application(plugin: ModuleType, problem: Any) -> Litestar:
    return Litestar(
        plugin.http_routes(),
        path="/api/v1",
        openapi_config=None,
        middleware=[_behind],
        exception_handlers={ColonnadeError: problem},
    )


def _behind(app: ASGIApp) -> ASGIApp:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        middleware: Middleware = scope[_MIDDLEWARE]  # type: ignore[literal-required]
        await middleware(app)(scope, receive, send)

    return run
