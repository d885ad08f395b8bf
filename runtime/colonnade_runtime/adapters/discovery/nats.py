"""Discovery over NATS: each process says once a second that it is there.

What was heard last is believed while there is no connection: that nobody can be heard does not mean
that nobody is there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from nats.aio.msg import Msg

from colonnade.adapters import AdapterContext, Instance
from colonnade.background_tasks import background_task, cancel_tasks
from colonnade.clock import Clock
from colonnade.decoding import Unreadable, decoded
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.options import (
    NatsOptions,
    own_user,
    read_options,
)
from colonnade_runtime.adapters.bus.nats.connection.subjects import HERE, token

EVERY_SECONDS = 1.0
BELIEVED_SECONDS = 3.5
"""How long a process that was heard counts as there: three times nothing, and it is gone."""


class _Announcement(msgspec.Struct, frozen=True):
    process: str
    url: str
    services: tuple[str, ...]


_HERE = msgspec.json.Decoder(_Announcement)


@dataclass(frozen=True, slots=True)
class _HeardInstance:
    instance: Instance
    at: float


class NatsDiscovery:
    """See `colonnade.adapters.Discovery`."""

    def __init__(self, options: NatsOptions, process: str, clock: Clock, log: Any) -> None:
        self.connection = Connection(options, process, log)
        self._process = process
        self._clock = clock
        self._log = log
        self._heard: dict[str, _HeardInstance] = {}
        self._listening = False
        self._closed = False
        self._announcing: asyncio.Task[None] | None = None

    async def start(self, services: Sequence[str]) -> None:
        """Connect.

        Raises:
            Unavailable: nobody answers.
            ConfigurationError: what was declared can never work.
        """
        await self.connection.open()
        self.connection.on_reconnect(self._hear_anew)

    async def check(self) -> str | None:
        """Report in a sentence that others cannot be heard now."""
        if self.connection.up or self._closed:
            return None
        return (
            f"There is no connection to NATS at {self.connection.name}: processes that start or"
            " end now are not noticed."
        )

    async def announce(self, instance: Instance) -> None:
        """Say every second that this process is there, until `close`."""
        here = _Announcement(instance.process, instance.url, instance.services)
        await self._say(here)
        self._announcing = background_task(self._keep_saying(here), name="announcement")

    async def instances(self, service: str) -> Sequence[Instance]:
        """Instances that were heard lately."""
        if not self._listening:
            self._listening = True
            await self.connection.subscribe(f"{HERE}.>", self._hear)
        since = self._clock.monotonic() - BELIEVED_SECONDS
        if self.connection.up:
            self._heard = {name: each for name, each in self._heard.items() if each.at > since}
        return [each.instance for each in self._heard.values() if service in each.instance.services]

    async def close(self, deadline: float = 10.0) -> None:
        """Say that this process goes, and let go of the connection."""
        self._closed = True
        if self._announcing is not None:
            await cancel_tasks({self._announcing})
            self._announcing = None
            await self._say(_Announcement(self._process, "", ()))
        await self.connection.close()

    async def _keep_saying(self, here: _Announcement) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self._say(here)

    async def _say(self, here: _Announcement) -> None:
        try:
            subject = f"{HERE}.{token(self._process)}"
            await self.connection.publish(subject, msgspec.json.encode(here))
        except Unavailable:
            # Said again in a second; those who listened believe what they heard meanwhile.
            return

    async def _hear(self, message: Msg) -> None:
        try:
            here = decoded(_HERE.decode, message.data)
        except Unreadable as error:
            what = {"subject": message.subject, "error": str(error)}
            self._log.warning("announcement not understood", **what)
            return
        if message.subject != f"{HERE}.{token(here.process)}":
            self._log.warning("announcement for another", subject=message.subject)
        elif here.services:
            instance = Instance(here.process, here.url, here.services)
            self._heard[here.process] = _HeardInstance(instance, self._clock.monotonic())
        else:
            self._heard.pop(here.process, None)

    def _hear_anew(self) -> None:
        """Give every instance the time to be heard again after a lost connection."""
        now = self._clock.monotonic()
        self._heard = {
            name: _HeardInstance(each.instance, now) for name, each in self._heard.items()
        }


def nats_discovery(context: AdapterContext) -> NatsDiscovery:
    """The adapter for `nats://` and `tls://`.

    Raises:
        ConfigurationError: the URL names no server.
    """
    password = None if context.password is None else context.password.reveal()
    options = read_options(own_user(context.url, context.process), context.root, password)
    return NatsDiscovery(options, context.process, context.clock, context.log)
