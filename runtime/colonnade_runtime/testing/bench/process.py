"""The process of a bench: the real runtime, with a clock, a bus and an engine of the bench's."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from litestar import Litestar

from colonnade.backoff import Backoff
from colonnade.bus import Bus
from colonnade.context import ContextSigner, Principal
from colonnade.events import Event
from colonnade.policy import MemoisedPolicy, PolicyEngine
from colonnade.services import Authenticator
from colonnade_runtime.assembly.adapters import Adapters
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.dependencies import ProcessDependencies
from colonnade_runtime.assembly.services import Services
from colonnade_runtime.background.background_work import BackgroundSettings, BackgroundWork
from colonnade_runtime.background.events.event_handler import DeliverySettings
from colonnade_runtime.background.events.inbox import AlreadyHandled
from colonnade_runtime.background.events.outbox_pump import RelaySettings
from colonnade_runtime.background.events.reaction import Claim, Reaction
from colonnade_runtime.declaration.model.placement import placement_of
from colonnade_runtime.edge.http.application import EdgeApplication
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.testing.bench.clock import BenchClock
from colonnade_runtime.testing.bench.policies import SharedEngine
from colonnade_runtime.testing.bench.stubs import BenchBus
from colonnade_runtime.testing.workers import InlineWorkers

_SOON = Backoff(first=0.005, cap=0.05)

SCHEME = "bench"
"""`Authorization: Bench <token>` is somebody whom `Callers.token_of` was asked about."""


class Failures:
    """Errors of reactions when they were last tried, by event and consumer."""

    def __init__(self) -> None:
        self._last: dict[tuple[UUID, str], Exception] = {}

    def note(self, event_id: UUID, consumer: str, error: Exception | None) -> None:
        """Keep how a try ended; nothing is left of one that went well."""
        self._last.pop((event_id, consumer), None)
        if error is not None:
            self._last[event_id, consumer] = error

    def take(self, event_id: UUID | None = None) -> list[Exception]:
        """Take out those of one event, or all."""
        keys = [key for key in self._last if event_id in (None, key[0])]
        return [self._last.pop(key) for key in keys]


@dataclass(frozen=True, slots=True)
class _WatchedReaction(Reaction):
    failures: Failures = field(kw_only=True)

    async def run(self, event: Event, event_id: UUID, claim: Claim) -> None:
        failure: Exception | None = None
        try:
            await Reaction.run(self, event, event_id, claim)
        except AlreadyHandled:
            raise
        except Exception as error:
            failure = error
            raise
        finally:
            self.failures.note(event_id, self.consumer, failure)


class BenchBackground(ProcessBackground):
    """Background work that tells what its reactions raise."""

    def __init__(self, failures: Failures) -> None:
        super().__init__()
        self._failures = failures

    def add(self, service: str, work: BackgroundWork) -> None:
        """Take the work of a service in."""
        for handling in work.delivery.consumers.values():
            seen = handling.reaction
            handling.reaction = _WatchedReaction(
                seen.consumer, seen.bound, seen.store, failures=self._failures
            )
        super().add(service, work)


@dataclass(frozen=True)
class BenchAdapters(Adapters):
    """Adapters for the declared URLs: tables and files are the real ones."""

    bench_bus: BenchBus = field(kw_only=True)

    def bus(self) -> Bus:
        """The bus of the bench."""
        return self.bench_bus

    def policy_engine(self) -> PolicyEngine:
        """An engine out of those that are loaded."""
        return SharedEngine()


class Callers:
    """Principals that come in over HTTP without an account."""

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}

    def token_of(self, principal: Principal) -> str:
        """Token that stands behind `Authorization: Bench` for this principal."""
        token = token_urlsafe(12)
        self._principals[token] = principal
        return token

    async def authenticate(self, scheme: str, credentials: str) -> Principal | None:
        """The principal of a token; an `Authenticator`."""
        return self._principals.get(credentials) if scheme == SCHEME else None


_applications: dict[tuple[Any, ...], Litestar] = {}


class BenchEdge(EdgeApplication):
    """The edge, which mounts the same routes once in a process: that takes longer than most tests
    do, and an application keeps nothing of the requests that it answered."""

    def mounted(self, route_handlers: Sequence[Any], pages: Sequence[Any]) -> Litestar:
        """The routes and pages as one application."""
        key = (tuple(route_handlers), tuple(pages))
        if key not in _applications:
            _applications[key] = super().mounted(route_handlers, pages)
        return _applications[key]


class BenchProcess(Runtime):
    """One process that hosts the services under test. HTTP opens when it is asked for."""

    def __init__(
        self,
        declared: Declared,
        hosted: Sequence[str],
        clock: BenchClock,
        delivery: DeliverySettings,
        replica: int | None,
    ) -> None:
        self.bench_bus = BenchBus()
        self.failures = Failures()
        self.callers = Callers()
        place = replace(placement_of(declared.loaded.platform, None), services=tuple(hosted))
        if replica is not None:
            # More than one share the locks on a folder, however many there are.
            place = replace(place, replica=replica, replicas=max(2, replica))
        super().__init__(
            declared,
            place=place,
            announce=lambda text: None,
            dependencies=ProcessDependencies(
                clock=clock,
                epoch=clock.epoch,
                adapters=partial(BenchAdapters, bench_bus=self.bench_bus),
                background=lambda: BenchBackground(self.failures),
                workers=InlineWorkers,
                background_settings=BackgroundSettings(
                    relay=RelaySettings(linger=0.0, backoff=_SOON), delivery=delivery
                ),
                edge=BenchEdge,
            ),
        )
        self._is_open = False

    @property
    def signer(self) -> ContextSigner:
        """Signer of contexts on the bus."""
        return self._signer

    def open_http(self) -> None:
        """Mount the routes of the services under test, once."""
        if not self._is_open:
            self._is_open = True
            super()._open(self.services)

    def _connect(
        self, bus: Bus, policy: MemoisedPolicy, key: bytes, authenticators: list[Authenticator]
    ) -> Services:
        self._signer = ContextSigner(key)
        authenticators.append(self.callers.authenticate)
        return super()._connect(bus, policy, key, authenticators)

    def _open(self, services: Services) -> None:
        """Leave the routes unmounted: that takes longer than most tests do; see `open_http`."""


def delivery_settings(attempts: int, patience: float) -> DeliverySettings:
    """Settings without pauses: failures are tried again at once."""
    return DeliverySettings(attempts=attempts, patience=patience, backoff=_SOON)
