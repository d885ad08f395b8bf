"""What a new declaration changes in the process in front, and what only a restart changes."""

from collections.abc import Callable, Iterator, Sequence

from colonnade_runtime.assembly.reconfiguration import changed_members
from colonnade_runtime.connections.limits import body_time
from colonnade_runtime.declaration import LoadedPlatform, Platform
from colonnade_runtime.declaration.places import Place, places
from colonnade_runtime.declared import Declared
from colonnade_runtime.forwarded.origin import TrustedProxies
from colonnade_runtime.front.application import Front
from colonnade_runtime.gateway.documents import Documents

_RESTART_KEYS = (
    ("environment",),
    ("discovery",),
    ("tenants", "watch"),
    ("logging", "access"),
    ("shutdown",),
)
_TAKEN_UP = frozenset({"trusted_proxies", "docs", "connections"})
_TAKEN_UP_OF_CONNECTIONS = frozenset({"body", "minimum_rate"})


class FrontReconfiguration:
    """Gives the front what it can take up without a restart, all at once.

    `relocate` is told where the processes behind it are declared to be.
    """

    def __init__(
        self,
        declared: Declared,
        front: Front,
        documents: Callable[[LoadedPlatform], Documents],
        relocate: Callable[[Sequence[Place]], None],
    ) -> None:
        self._started = declared.loaded.platform
        self._front = front
        self._documents = documents
        self._relocate = relocate

    async def take_up(self, loaded: LoadedPlatform) -> list[str]:
        """Take a declaration up; the keys that need a restart of this process."""
        gateway = loaded.platform.gateway
        self._front.take_up(
            TrustedProxies(gateway.trusted_proxies), self._documents(loaded), body_time(gateway)
        )
        self._relocate(places(loaded.platform))
        return list(_restart_keys(self._started, loaded.platform))


def _restart_keys(before: Platform, after: Platform) -> Iterator[str]:
    for path in _RESTART_KEYS:
        old, new = before, after
        for step in path:
            old, new = getattr(old, step), getattr(new, step)
        if old != new:
            yield ".".join(path)
    yield from _changed("gateway", before.gateway, after.gateway, _TAKEN_UP)
    connections = (before.gateway.connections, after.gateway.connections)
    yield from _changed("gateway.connections", *connections, _TAKEN_UP_OF_CONNECTIONS)
    # The routes of services are looked up once, and so are the plugins that declare them.
    for section in ("services", "plugins"):
        yield from changed_members(section, getattr(before, section), getattr(after, section))


def _changed(prefix: str, before: object, after: object, taken_up: frozenset[str]) -> Iterator[str]:
    for name in type(before).model_fields:  # type: ignore[attr-defined]
        if name not in taken_up and getattr(before, name) != getattr(after, name):
            yield f"{prefix}.{name}"
