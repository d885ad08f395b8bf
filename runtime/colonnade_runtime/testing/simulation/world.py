"""World of one simulation: what is declared, one seed, and what became of it."""

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import structlog

from colonnade.context import Principal
from colonnade.crash_points import watched_by
from colonnade.errors import ConfigurationError
from colonnade.identifiers import identifiers_from
from colonnade.messages import Message, Request
from colonnade.operations import operation_of
from colonnade.policy import PolicyEngine
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.testing.simulation.broker import SimulatedBroker
from colonnade_runtime.testing.simulation.clock import SimulatedClock, SimulatedIdentifiers
from colonnade_runtime.testing.simulation.fault_injection import CALM, FaultInjection, FaultRates
from colonnade_runtime.testing.simulation.loop import ProcessEnded, SimulatedLoop
from colonnade_runtime.testing.simulation.process import SimulatedProcess
from colonnade_runtime.testing.simulation.timeline import Timeline

ResponseT = TypeVar("ResponseT", bound=Message)
T = TypeVar("T")

KEPT_LINES = 4_000


class Stuck(AssertionError):
    """Failure of something that had to happen, although nothing was in its way."""


class World:
    """One platform in one history.

    `placement` says which services share a process; by default all are in one. Of each process
    there are `replicas`. `points` counts
    the crash points that were reached, `lines` is what happened, for people to read.
    """

    def __init__(
        self,
        declared: Declared,
        policy: PolicyEngine,
        seed: int,
        faults: FaultRates | None = None,
        placement: Sequence[Sequence[str]] | None = None,
        replicas: int = 1,
    ) -> None:
        self.declared = declared
        self.policy = policy
        self.seed = seed
        self.lines: list[str] = []
        self.points: Counter[str] = Counter()
        self.timeline = Timeline()
        self.chance = FaultInjection(seed, CALM)
        self.clock = SimulatedClock(self.timeline)
        self.identifiers = SimulatedIdentifiers(self.clock, self.chance)
        self.loop = self.new_loop("world")
        self.broker = SimulatedBroker(self.loop, self.note)
        self._faults = faults or FaultRates()
        self._muted = False
        groups = placement or [declared.loaded.platform.enabled_services]
        self.processes = [
            SimulatedProcess(self, _place(services, len(groups), number, replicas))
            for services in groups
            for number in range(1, replicas + 1)
        ]

    def new_loop(self, name: str) -> SimulatedLoop:
        """A loop on this world's timeline."""
        return SimulatedLoop(name, self.timeline, self.chance, self._complain)

    def run(self, story: Coroutine[Any, Any, T], *, limit: float = 86_400.0) -> T:
        """Run until `story` has ended; `limit` is in virtual seconds.

        Raises:
            Stuck: when it has not ended by then, or nothing will ever happen again.
            Exception: what the story raises.
        """
        with ExitStack() as stack:
            stack.enter_context(watched_by(self._reached))
            stack.enter_context(identifiers_from(self.identifiers.make))
            stack.enter_context(_logging_to(self._log_line))
            stack.enter_context(_without_finalizers())
            task = self.loop.create_task(story, name="story")
            until = self.timeline.now + limit
            while not task.done():
                if not self.timeline.step() or self.timeline.now > until:
                    raise Stuck(f"The story did not end within {limit:g} virtual seconds.")
            return task.result()

    def close(self) -> None:
        """Let go of everything; nothing runs any more."""
        with self.muted():
            for process in self.processes:
                process.end()
            self.loop.die()
            self.loop.bury()

    async def start(self) -> None:
        """Start every process, in calm, and wait until all are up."""
        for process in self.processes:
            process.start()
        await self.until(lambda: all(process.is_up for process in self.processes))

    def trouble(self) -> None:
        """Let things go wrong from now on."""
        self.chance.faults = self._faults

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.note("calm")
        self.chance.faults = CALM

    def hosting(self, service: str) -> SimulatedProcess:
        """A process that hosts a service: one that is up, if any is.

        Raises:
            ConfigurationError: when none does.
        """
        found = [each for each in self.processes if service in each.place.services]
        if not found:
            raise ConfigurationError(f"No process hosts '{service}'.")
        return self.chance.random.choice([each for each in found if each.is_up] or found)

    async def ask(
        self, tenant: str, principal: Principal, request: Request[ResponseT], key: str | None = None
    ) -> ResponseT:
        """Ask the process that hosts an operation, from outside; see `SimulatedProcess.ask`."""
        process = self.hosting(operation_of(type(request)).service)
        return await process.ask(tenant, principal, request, key)

    async def until(
        self, holds: Callable[[], bool | Awaitable[bool]], *, limit: float = 3600.0
    ) -> None:
        """Wait until something holds, looking ever more rarely.

        Raises:
            Stuck: after `limit` virtual seconds.
        """
        until = self.timeline.now + limit
        pause = 0.05
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            if self.timeline.now > until:
                raise Stuck(f"Nothing came of it within {limit:g} virtual seconds.")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 15.0)

    def note(self, *words: object) -> None:
        """Keep a line of what happened."""
        if not self._muted and len(self.lines) < KEPT_LINES:
            self.lines.append(f"{self.timeline.now:12.6f} {' '.join(map(str, words))}")

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Mute the log for the block: what is thrown away says nothing that matters."""
        before, self._muted = self._muted, True
        try:
            yield
        finally:
            self._muted = before

    def _reached(self, point: str) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(loop, SimulatedLoop) and loop.is_dead:
            # It died in the middle of work that is done together.
            raise ProcessEnded
        self.points[point] += 1
        process = next((each for each in self.processes if each.loop is loop), None)
        if process is not None and self.chance.happens(self.chance.faults.crash):
            self.note("at", point)
            process.kill()
            raise ProcessEnded

    def _complain(self, context: dict[str, Any]) -> None:
        self.note("unhandled", context.get("message"), repr(context.get("exception")))

    def _log_line(self, logger: Any, method: str, line: dict[str, Any]) -> Any:
        self.note(method, *(f"{name}={value}" for name, value in line.items()))
        raise structlog.DropEvent


def _place(services: Sequence[str], processes: int, number: int, replicas: int) -> Placement:
    name = services[0] if processes > 1 else "main"
    return Placement(name, number, tuple(services), "127.0.0.1", 0, replicas)


@contextmanager
def _logging_to(processor: Callable[..., Any]) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(
        processors=[processor],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _without_finalizers() -> Iterator[None]:
    """Skip finalizers of what is thrown away: finalizers that ran whenever memory is short would
    make another history of the same seed, and a process that was killed tidies nothing."""
    was_enabled, hooks = gc.isenabled(), sys.get_asyncgen_hooks()
    gc.disable()
    sys.set_asyncgen_hooks(firstiter=None, finalizer=lambda generator: None)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*hooks)
        if was_enabled:
            gc.enable()
