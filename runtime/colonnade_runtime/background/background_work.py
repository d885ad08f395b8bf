"""Background work of a service: all that it does without being asked, put together.

Events out of its outboxes, others' events into its reactions, its sagas and its schedules. The
process that holds the lease of a service does all of it but reactions, which run wherever the
bus brings events.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from colonnade.bus import Bus
from colonnade.control_store import ControlStore, Lease
from colonnade.dead_letters import DeadLetterSource
from colonnade.events import BoundReaction, EventType
from colonnade.idempotency import KEPT_SECONDS, prune
from colonnade.rows.row_tracking import Left
from colonnade.store import SqlStore
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.acting.ownership import Ownership
from colonnade_runtime.background.backlog import LOOKING_SECONDS, BacklogMonitor
from colonnade_runtime.background.events.event_delivery import EventDelivery
from colonnade_runtime.background.events.event_handler import DeliverySettings
from colonnade_runtime.background.events.outbox_pump import RelaySettings
from colonnade_runtime.background.events.ports import ANYTHING
from colonnade_runtime.background.events.relay import Relay
from colonnade_runtime.background.events.sweeper import Sweeper
from colonnade_runtime.background.sagas.binding import BoundSaga
from colonnade_runtime.background.sagas.orchestrator import SagaOrchestrator, SagaSettings
from colonnade_runtime.background.scheduler import BoundSchedule, Scheduler
from colonnade_runtime.background.service_dead_letters import ServiceDeadLetters
from colonnade_runtime.calls.tenant_states import StateOfTenant, TenantState

LEASE = "background"
"""The lease that the owner of a service's background work holds."""

HOUSEKEEPING = "colonnade-housekeeping"
"""The schedule that deletes what was kept for long enough; once a day."""

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """Settings of the parts of background work; each part explains its own."""

    relay: RelaySettings = field(default_factory=RelaySettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    sagas: SagaSettings = field(default_factory=SagaSettings)
    sweep_interval: float = 5.0
    quiet: float = 30.0
    lease: float = 30.0
    idempotency: float = KEPT_SECONDS


@dataclass(frozen=True, slots=True)
class BackgroundTasks:
    """Background tasks that a service brings: its reactions, sagas and schedules, bound to its
    objects, the events it publishes, and where it keeps what it gave up."""

    reactions: Sequence[BoundReaction] = ()
    sagas: Sequence[BoundSaga] = ()
    schedules: Sequence[BoundSchedule] = ()
    events: Sequence[EventType] = ()
    dead_letters: Sequence[DeadLetterSource] = ()


class BackgroundWork:
    """The background work of one service.

    `owner` names the process and stays the same over its restarts. Give `wake` to the store as
    its `on_published`. `changed` says of a tenant whether another process has committed since it
    was last asked, where others host the service too.

    Each phase is for every service of the process before the next: `listen`, then `start`, since
    an event is sent to those who listen; to stop, `quiesce`, `drain`, then the bus, then
    `release`, since one service's relay waits for another's reactions.
    """

    def __init__(
        self,
        tasks: BackgroundTasks,
        store: SqlStore,
        control: ControlStore,
        bus: Bus,
        state_of: StateOfTenant,
        owner: str,
        actor: Actor,
        log: Any,
        settings: BackgroundSettings | None = None,
        changed: Callable[[str], bool | None] | None = None,
    ) -> None:
        chosen = settings or BackgroundSettings()
        self.bus = bus
        self._acting = acting = ActingStore(actor, store)
        self._idempotency = chosen.idempotency
        self.control = control
        self._state_of = state_of
        self.ownership = Ownership(control, LEASE, owner, actor.clock, log, seconds=chosen.lease)
        aggregates = {each.type: each.aggregate for each in tasks.events}
        self.relay = Relay(acting, bus, log, chosen.relay, aggregates, self._lease)
        self.delivery = EventDelivery(
            tasks.reactions, store, control, state_of, actor, log, chosen.delivery
        )
        self.sagas = SagaOrchestrator(tasks.sagas, acting, state_of, self._lease, log, chosen.sagas)
        housekeeping = BoundSchedule(HOUSEKEEPING, _DAY, self.tidy)
        self.scheduler = Scheduler(
            [*tasks.schedules, housekeeping],
            acting,
            self._provisioned,
            state_of,
            self._owns,
            log,
        )
        self.service_dead_letters = ServiceDeadLetters(tasks.dead_letters, acting)
        self.backlog = BacklogMonitor(
            acting, control, self.service_dead_letters.count, self._is_known, log
        )
        self.sweeper = Sweeper(
            actor.service,
            control,
            [self.relay, self.sagas],
            self._is_known,
            self._owns,
            actor.clock,
            log,
            interval=chosen.sweep_interval,
            quiet=chosen.quiet,
            changed=changed,
            waits=self.backlog.waits_for_operator,
        )

    def wake(self, tenant: str, left: Left = ANYTHING) -> None:
        """A commit left work for the tenant, which `left` names. May be called from any
        thread, and before start."""
        self.sweeper.wake(tenant, left)

    async def listen(self) -> None:
        """Take events from the bus, which has started."""
        await self.delivery.start(self.bus)

    async def start(self) -> None:
        """Go on with what an earlier process left behind, and with what commits from now on."""
        await self.ownership.start()
        await self.sweeper.start()
        await self.scheduler.start()

    async def quiesce(self) -> None:
        """Begin nothing new; at once."""
        self.ownership.claim_no_more()
        await self.sweeper.stop()
        self.delivery.stop()

    async def drain(self, deadline: float) -> None:
        """Let what runs end: at most `deadline` seconds for all of it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline
        await asyncio.gather(self.scheduler.stop(deadline), self.sagas.stop(deadline))
        await self.relay.stop(max(0.0, until - loop.time()))

    async def release(self) -> None:
        """Give the lease back, so that another process may go on at once."""
        await self.ownership.stop()

    async def tidy(self, tenant: str) -> None:
        """Delete what has been kept for long enough of a tenant's archive, inbox, sagas and
        idempotency keys."""
        await self.relay.prune(tenant)
        await self.delivery.prune_inbox(tenant)
        await self.sagas.prune(tenant)
        await self._prune_keys(tenant)

    async def _prune_keys(self, tenant: str) -> None:
        before = self._acting.actor.clock.now() - timedelta(seconds=self._idempotency)
        await self._acting.prune(
            tenant, lambda limit: prune(before, limit), seconds=LOOKING_SECONDS
        )

    def _lease(self) -> Lease | None:
        return self.ownership.lease

    def _owns(self) -> bool:
        return self.ownership.lease is not None

    def _is_known(self, tenant: str) -> bool:
        return self._state_of(tenant) is not TenantState.UNKNOWN

    async def _provisioned(self) -> Sequence[str]:
        return [entry.tenant for entry in await self.control.provisioned()]
