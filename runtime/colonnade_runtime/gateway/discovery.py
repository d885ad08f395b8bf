"""Keeps the gateway's processes as discovery finds them."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from colonnade.adapters import Discovery
from colonnade.background_tasks import background_task, cancel_tasks
from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.gateway.upstreams import Upstreams

EVERY_SECONDS = 0.5
ANSWER_SECONDS = 5.0

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")


class UpstreamDiscovery:
    """Asks discovery again and again. Only where a process is comes from there: which services it
    hosts, and that there is such a process at all, is what the declaration says."""

    def __init__(
        self, discovery: Discovery, declared: Sequence[Placement], upstreams: Upstreams, log: Any
    ) -> None:
        self._discovery = discovery
        self._declared = declared
        self._services = sorted({name for place in declared for name in place.services})
        self._upstreams = upstreams
        self._log = log
        self._failing = False
        self._misunderstood: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def declare(self, declared: Sequence[Placement]) -> None:
        """Look for these processes from now on."""
        self._declared = declared
        self._services = sorted({name for place in declared for name in place.services})

    def start(self) -> None:
        """Begin to ask; discovery has started."""
        self._task = background_task(self._keep(), name="discovery of processes")

    async def stop(self) -> None:
        """Ask no more, and let discovery go."""
        if self._task is not None:
            await cancel_tasks({self._task})
        await self._discovery.close(1.0)

    async def look(self) -> None:
        """Ask once.

        Raises:
            ColonnadeError: discovery cannot say; what it said before still holds.
        """
        places = {place.name: place for place in self._declared}
        found: dict[str, Placement] = {}
        async with asyncio.timeout(ANSWER_SECONDS):
            for service in self._services:
                for instance in await self._discovery.instances(service):
                    place = places.get(instance.process)
                    if place is not None:
                        self._add(found, place, instance.url)
        self._upstreams.update([found[name] for name in places if name in found])

    def _add(self, found: dict[str, Placement], place: Placement, url: str) -> None:
        try:
            found[place.name] = _at(place, url)
        except ValueError:
            # What one says of itself must not keep the others from being found.
            if place.name not in self._misunderstood:
                self._log.warning("process says an address that is none", process=place.name)
            self._misunderstood.add(place.name)

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
                self._failing = False
            except Exception as error:
                if not self._failing:
                    self._log.warning("processes cannot be discovered", error=error)
                self._failing = True
            await asyncio.sleep(EVERY_SECONDS)


def _at(place: Placement, url: str) -> Placement:
    """`place` at the host and port of `url`.

    Raises:
        ValueError: it is no `http` URL of a host.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("It is no http URL of a host.")
    return replace(place, host=parts.hostname or place.host, port=parts.port or 80)
