"""A service that knows people without accounts, so that a trial needs no passwords.

`Authorization: Visitor owner` is somebody with the role `owner` in whatever academy is asked.
It exists in trials only: nothing installs it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from colonnade.context import Principal, PrincipalKind
from colonnade.hookspecs import hookimpl
from colonnade.services import PluginInfo, ServiceContext

SCHEME = "visitor"
PERSON = str(UUID(int=7 << 76 | 2 << 62 | 1))
"""The id of every visitor; a UUIDv7, as people's ids are."""


@hookimpl
def plugin_info() -> PluginInfo:
    """Name and version of the plugin."""
    return PluginInfo("visitors", "1.0.0", "visitors", description="People of a trial.")


@hookimpl
def authenticators(ctx: ServiceContext) -> Sequence[Any]:
    """Authenticator that recognises a visitor."""

    async def visitor(scheme: str, credentials: str) -> Principal | None:
        if scheme != SCHEME:
            return None
        return Principal(PrincipalKind.USER, PERSON, tuple(credentials.split()))

    return [visitor]
