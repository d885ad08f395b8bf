"""Keeps the front's processes as discovery finds them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from colonnade.adapters import Discovery
from colonnade.background_tasks import background_task
from colonnade.errors import ColonnadeError
from colonnade_runtime.declaration.places import Place
from colonnade_runtime.front.upstreams import Upstreams

EVERY_SECONDS = 0.5
ANSWER_SECONDS = 5.0


class Follower:
    """Asks discovery again and again. Only where a process is comes from there: which services it
    hosts, and that there is such a process at all, is what the declaration says."""

    def __init__(
        self, discovery: Discovery, declared: Sequence[Place], upstreams: Upstreams, log: Any
    ) -> None:
        self._discovery = discovery
        self._declared = declared
        self._services = sorted({name for place in declared for name in place.services})
        self._upstreams = upstreams
        self._log = log
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask; discovery has started."""
        self._task = background_task(self._keep(), name="discovery of processes")

    async def stop(self) -> None:
        """Ask no more, and let discovery go."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1.0)
        await self._discovery.close(1.0)

    async def look(self) -> None:
        """Ask once.

        Raises:
            ColonnadeError: discovery cannot say; what it said before still holds.
        """
        urls: dict[str, str] = {}
        async with asyncio.timeout(ANSWER_SECONDS):
            for service in self._services:
                for instance in await self._discovery.instances(service):
                    urls[instance.process] = instance.url
        self._upstreams.update(
            [_at(place, urls[place.name]) for place in self._declared if place.name in urls]
        )

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
                self._failing = False
            except (ColonnadeError, TimeoutError, ValueError) as error:
                if not self._failing:
                    self._log.warning("processes cannot be discovered", error=str(error))
                self._failing = True
            await asyncio.sleep(EVERY_SECONDS)


def _at(place: Place, url: str) -> Place:
    parts = urlsplit(url)
    return replace(place, host=parts.hostname or place.host, port=parts.port or 80)
