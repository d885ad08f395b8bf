"""The background work of every service in a process, phase by phase."""

import asyncio
import contextvars
from collections.abc import Iterable, Mapping, Sequence

from colonnade.errors import ConfigurationError
from colonnade.events import Event, event_type_of, reactions_of
from colonnade.rows.row_tracking import Left
from colonnade.services import ServiceContext
from colonnade_runtime.background.background_work import BackgroundTasks, BackgroundWork
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.background.scheduler import bind_schedules
from colonnade_runtime.plugins.plugin import Plugin


class ProcessBackground:
    """Starts and stops what the services do without being asked; each phase for all of them."""

    def __init__(self) -> None:
        self._works: dict[str, BackgroundWork] = {}

    def add(self, service: str, work: BackgroundWork) -> None:
        """Take the work of a service in."""
        self._works[service] = work

    def of(self, service: str) -> BackgroundWork | None:
        """The work of one service, if it has any."""
        return self._works.get(service)

    def services(self) -> list[str]:
        """The services that have any, in start order."""
        return list(self._works)

    def works(self) -> Mapping[str, BackgroundWork]:
        """Service → its work."""
        return self._works

    async def look(self) -> None:
        """See what waits in the services' stores, for who asks for metrics."""
        await asyncio.gather(*(work.backlog.look() for work in self._works.values()))

    def wake(self, service: str, tenant: str, left: Left) -> None:
        """A commit of `service` left work for `tenant`, which `left` names. May be called
        from any thread."""
        work = self._works.get(service)
        if work is not None:
            # In an empty context: what is woken outlives the call, and must not carry on as it.
            contextvars.Context().run(work.wake, tenant, left)

    async def start(self) -> None:
        """Listen for events everywhere, then begin to send any."""
        for work in self._works.values():
            await work.listen()
        for work in self._works.values():
            await work.start()

    async def drain(self, seconds: float) -> None:
        """Begin nothing new; let what runs end within `seconds`."""
        for work in self._works.values():
            await work.quiesce()
        for work in self._works.values():
            await work.drain(seconds)

    async def release(self) -> None:
        """Give every lease back, so that another process may go on at once."""
        for work in self._works.values():
            await work.release()


def tasks_of(
    plugin: Plugin,
    ctx: ServiceContext,
    objects: Sequence[object],
    brought: Iterable[type[Event]] = (),
) -> BackgroundTasks:
    """The reactions, sagas and schedules of a plugin, bound to its objects, and the rest of what
    it brings for its background work. It reacts to `brought` events of other plugins too.

    Raises:
        ConfigurationError: when what it declares and what its objects carry disagree.
    """
    tasks = BackgroundTasks(
        reactions_of(objects),
        bind_sagas(plugin.sagas, objects),
        bind_schedules(plugin.schedules, objects),
        [event_type_of(model) for model in plugin.events],
        plugin.dead_letters(ctx),
    )
    declared = {event_type_of(model).type for model in [*plugin.subscriptions, *brought]}
    found = {reaction.event_type.type for reaction in tasks.reactions}
    for wrong in sorted(declared ^ found):
        raise ConfigurationError(
            f"Plugin {plugin}: its hook `subscriptions` and its reactions disagree on {wrong}."
        )
    return tasks
