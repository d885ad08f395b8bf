"""The real policy engine, asked once for everything that simulations ask again and again."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from colonnade.policy import Decision, PolicyBundle, PolicyEngine, PolicyQuery
from colonnade.policy.engine import QueryKey

T = TypeVar("T")

SECONDS = 60.0


class SharedPolicy:
    """A `PolicyEngine` for any number of simulations, one after the other.

    The engine behind it works on a loop and a thread of its own, in real time; a simulation waits
    for it without any of its own time passing. Answers are kept: they depend on the policies, and
    on nothing that a simulation changes.
    """

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self._kept: dict[tuple[str, QueryKey], Decision] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="simulated-policy", daemon=True
        )
        self._thread.start()

    @property
    def revision(self) -> str:
        """The revision of the loaded policies."""
        return self._engine.revision

    async def load(self, bundle: PolicyBundle) -> str:
        """Load `bundle`, unless it is loaded already.

        Raises:
            PolicyError: with everything that is wrong.
        """
        if bundle.revision == self._engine.revision:
            return bundle.revision
        return self._wait(self._engine.load(bundle))

    async def decide(self, query: PolicyQuery) -> Decision:
        """The engine's answer, or the one that it gave before."""
        key = (self._engine.revision, query.key)
        decision = self._kept.get(key)
        if decision is None:
            decision = self._wait(self._engine.decide(query))
            if not decision.failed:
                self._kept[key] = decision
        return decision

    async def close(self) -> None:
        """Keep the engine: it outlives one simulation."""

    def end(self) -> None:
        """Close the engine, after the last simulation."""
        self._wait(self._engine.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()

    def _wait(self, asking: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result(SECONDS)
