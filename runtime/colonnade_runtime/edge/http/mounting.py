"""Routes and pages of plugins, as every process mounts them."""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Router

from colonnade_runtime.plugins.route_paths import API


def mounted(routes: Sequence[Any], pages: Sequence[Any] = (), **options: Any) -> Litestar:
    """The application of `routes`, below the path that all have, and of `pages`, below none.

    `options` are Litestar's.
    """
    return Litestar(
        [Router(API, route_handlers=list(routes)), *pages],
        openapi_config=None,
        logging_config=None,
        **options,
    )
