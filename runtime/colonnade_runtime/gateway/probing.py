"""Asks every process whether it is ready, so that clients' requests need not find out."""

import asyncio

import aiohttp

from colonnade.background_tasks import background_task, cancel_tasks
from colonnade_runtime.gateway.upstreams import Upstream, Upstreams

EVERY_SECONDS = 0.4
ANSWER_SECONDS = 2.0


class Prober:
    """Asks `/readyz` of all, again and again, each in its own time."""

    def __init__(self, session: aiohttp.ClientSession, upstreams: Upstreams) -> None:
        self._session = session
        self._upstreams = upstreams
        self._asking: dict[Upstream, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._task = background_task(self._keep(), name="readiness of processes")

    async def stop(self) -> None:
        """Ask no more."""
        tasks = [*self._asking.values(), *([self._task] if self._task is not None else [])]
        await cancel_tasks(tasks)

    async def look(self) -> None:
        """Ask all once, and wait for the answers."""
        self._ask_all()
        if self._asking:
            await asyncio.wait(set(self._asking.values()))

    async def _keep(self) -> None:
        while True:
            self._ask_all()
            await asyncio.sleep(EVERY_SECONDS)

    def _ask_all(self) -> None:
        for upstream in self._upstreams.all:
            if upstream not in self._asking:
                name = f"readiness of {upstream.place.name}"
                self._asking[upstream] = background_task(self._ask(upstream), name=name)

    async def _ask(self, upstream: Upstream) -> None:
        """One that does not answer is busy or gone; only its own word makes it ready or not."""
        try:
            await self._listen_to(upstream)
        finally:
            self._asking.pop(upstream, None)

    async def _listen_to(self, upstream: Upstream) -> None:
        url = f"{upstream.place.url}/readyz"
        limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self._session.get(url, timeout=limit) as answer:
                upstream.ready = upstream.answers = answer.status == 200
                upstream.silent = False
                if upstream.answers:
                    # Nothing else would: one whose circuit is open gets no request to do well at.
                    upstream.breaker.succeeded()
        except TimeoutError:
            upstream.answers, upstream.silent = False, True
        except (aiohttp.ClientError, OSError):
            # Nobody listens: a request would find that out at once, and go to another.
            upstream.ready, upstream.answers, upstream.silent = True, False, True
