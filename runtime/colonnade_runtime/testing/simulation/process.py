"""A process that runs, dies at any step, and is started again on what it had committed."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context as Variables
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from colonnade.bus import Bus
from colonnade.context import Context, Principal, use_context
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade.messages import Message, Request
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.assembly.dependencies import ProcessDependencies
from colonnade_runtime.declaration import Address
from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.declaration.yaml.tree import Path
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.testing.simulation.bus import SimulatedBus
from colonnade_runtime.testing.simulation.effect_log import EffectLoggingBackground
from colonnade_runtime.testing.simulation.executor import SimulatedExecutor
from colonnade_runtime.testing.simulation.loop import SimulatedLoop
from colonnade_runtime.testing.simulation.partial_runtime import (
    RuntimeWithoutHttp,
    SharedEngineAdapters,
)
from colonnade_runtime.testing.workers import InlineWorkers

if TYPE_CHECKING:
    from colonnade_runtime.testing.simulation.world import World

ResponseT = TypeVar("ResponseT", bound=Message)

CALL_SECONDS = 10.0
"""How long somebody outside waits for an answer."""

DOWN_SECONDS = 3.0
"""A process that died is started again within this time."""


class _Abandoned(Protocol):
    def abandon(self) -> None: ...


@dataclass(frozen=True)
class _Adapters(SharedEngineAdapters):
    """Adapters of a simulation: the bus and threads are simulated, files are real."""

    simulated: "SimulatedProcess" = field(kw_only=True)

    def bus(self) -> Bus:
        return self.simulated.connect()

    def stores(self, path: Path, address: Address) -> Any:
        if address.scheme != "sqlite":
            return self.simulated.hold(super().stores(path, address))
        folder = self.loaded.root / address.url.partition(":")[2]
        executor = SimulatedExecutor(self.simulated.loop)
        shared = self.replicas > 1
        made = SqliteStores(
            folder,
            self.clock,
            self.is_known,
            executor=executor,
            shared=shared,
            faults=self.faults,
        )
        return self.simulated.hold(made)


class SimulatedProcess:
    """One process of a simulated platform; `deaths` counts how often it was killed."""

    def __init__(self, world: "World", place: Placement) -> None:
        self.world = world
        self.place = place
        self.deaths = 0
        self.is_up = False
        self.runtime: Runtime
        self.loop: SimulatedLoop
        self._bus: SimulatedBus | None = None
        self._held: list[_Abandoned] = []
        self._asking: dict[asyncio.Future[Any], None] = {}

    def start(self) -> None:
        """Begin to start; `is_up` when it is ready."""
        self.loop = self.world.new_loop(self.place.name)
        self.loop.call_soon(self._begin, context=Variables())

    def kill(self) -> None:
        """Die now: what has not committed never happens. It comes back by itself."""
        if self.loop.is_dead:
            return
        self.deaths += 1
        self.is_up = False
        self.loop.die()
        self.world.note("killed", self.place.name)
        self.world.loop.post(0.0, self._bury)

    async def stop(self) -> None:
        """Stop in order; nothing happens to it after that."""
        self.world.note("stopping", self.place.name)
        self.is_up = False
        await self._here(self.runtime.stop)
        if not self.loop.is_dead:
            self.end()

    async def restart(self) -> None:
        """Stop in order and start again, as a rolling restart does."""
        deaths = self.deaths
        await self.stop()
        if deaths == self.deaths:
            self.start()

    async def republish(self, tenant: str, since: datetime) -> None:
        """Publish again what the archives of this process hold from `since` on."""
        for work in self.runtime.background.works().values():
            await self._here(partial(work.relay.republish, tenant, since))

    async def ask(
        self, tenant: str, principal: Principal, request: Request[ResponseT], key: str | None = None
    ) -> ResponseT:
        """Ask from outside, over a connection that breaks when the process dies.

        Raises:
            Unavailable: it is not up.
            DeadlineExceeded: no answer; it may have happened.
            ColonnadeError: as the operation declares.
        """
        if not self.is_up:
            raise Unavailable(f"'{self.place.name}' is not up.")
        answer: asyncio.Future[ResponseT] = self.world.loop.create_future()
        self._asking[answer] = None
        deadline = self.world.clock.epoch() + CALL_SECONDS
        context = Context(tenant, principal, deadline, str(self.world.identifiers.make()))
        self.loop.post(self.world.chance.hop(), self._take, context, request, key, answer)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await answer
        except TimeoutError:
            raise DeadlineExceeded("No answer came; it may have happened.") from None
        finally:
            self._asking.pop(answer, None)

    def connect(self) -> SimulatedBus:
        """A connection to the broker."""
        self._bus = SimulatedBus(self.world.broker, self.loop)
        return self._bus

    def hold(self, adapter: Any) -> Any:
        """Remember what the process has taken hold of."""
        self._held.append(adapter)
        return adapter

    async def _here(self, act: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run something in the process, and wait for its end or for that of the process."""
        ended = self.world.loop.create_future()
        self._asking[ended] = None

        def done(task: "asyncio.Task[Any]") -> None:
            self.world.loop.post(0.0, _settle, ended, None)

        def begin() -> None:
            self.loop.create_task(act(), name="operator").add_done_callback(done)

        self.loop.post(0.0, begin)
        try:
            await ended
        except DeadlineExceeded:
            self.world.note("died meanwhile", self.place.name)
        finally:
            self._asking.pop(ended, None)

    def _begin(self) -> None:
        task = self.loop.create_task(self._live(), name="life")
        task.add_done_callback(self._began)

    async def _live(self) -> None:
        chance, clock = self.world.chance, self.world.clock
        dependencies = ProcessDependencies(
            clock=clock,
            epoch=clock.epoch,
            random=lambda: chance.random,
            adapters=partial(_Adapters, engine=self.world.policy, simulated=self),
            background=EffectLoggingBackground,
            workers=InlineWorkers,
        )
        self.runtime = RuntimeWithoutHttp(
            self.world.declared,
            place=self.place,
            announce=lambda _: None,
            dependencies=dependencies,
        )
        await self.runtime.start()

    def _began(self, life: "asyncio.Task[None]") -> None:
        error = life.exception()
        if error is not None:
            # As a supervisor would see it: it ended, and is started again.
            self.world.note("did not start", self.place.name, repr(error))
            self.kill()
            return
        self.is_up = True
        self.world.note("up", self.place.name)

    def _bury(self) -> None:
        self.end()
        self.world.loop.post(self.world.chance.random.uniform(0.05, DOWN_SECONDS), self.start)

    def end(self) -> None:
        """Let go of everything that it has taken hold of; it runs no more."""
        self.loop.die()
        for held in self._held:
            held.abandon()
        self._held.clear()
        if self._bus is not None:
            self.world.broker.lose(self._bus)
        for answer in list(self._asking):
            _fail(answer, DeadlineExceeded("The connection broke; it may have happened."))
        with self.world.muted():
            self.loop.bury()

    def _take(self, context: Context, request: Request[Any], key: str | None, answer: Any) -> None:
        async def answered() -> None:
            settle: Callable[..., None] = _settle
            try:
                with use_context(context):
                    result: Any = await self.runtime.dispatcher.do(request, idempotency_key=key)
            except Exception as error:
                settle, result = _fail, error
            if not self.world.chance.happens(self.world.chance.faults.lost):
                self.world.loop.post(self.world.chance.hop(), settle, answer, result)

        self.loop.create_task(answered(), name="answer")


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
