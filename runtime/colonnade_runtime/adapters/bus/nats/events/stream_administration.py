"""Administration of streams: each is made where that may be done, refused if it is not ours."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import (
    Connection,
    PublishNotPermitted,
)
from colonnade_runtime.adapters.bus.nats.connection.jetstream_api import ApiError, JetStreamApi
from colonnade_runtime.adapters.bus.nats.connection.options import NatsOptions
from colonnade_runtime.adapters.bus.nats.events.streams import (
    ForeignStream,
    Stream,
    configuration,
    foreign,
    kept_otherwise,
    updated,
)

ADMINISTRATOR = "administrator"
"""The user that makes and changes streams."""

_NO_STREAM = 10059
_NAME_IN_USE = 10058

Administration = Callable[[], Any]
"""Opens a connection that may make streams, for as long as it is needed."""


class StreamManager:
    """Manager of streams: makes sure that each is there and is ours.

    `administration` opens the administrator's API; without it this process's own user tries.
    """

    def __init__(
        self,
        api: JetStreamApi,
        options: NatsOptions,
        log: Any,
        administration: Administration | None = None,
    ) -> None:
        self._api = api
        self._options = options
        self._log = log
        self._administration = administration or self._as_ourselves
        self.ours: set[str] = set()
        self._refused: dict[str, str] = {}

    @property
    def refused(self) -> Sequence[str]:
        """A sentence for each stream that is somebody else's."""
        return tuple(self._refused.values())

    def forget(self) -> None:
        """Look again at every stream: the server may have lost it, or somebody changed it."""
        self.ours.clear()

    async def look(self, stream: Stream) -> bool:
        """Tell whether the stream is there.

        Raises:
            ForeignStream: when it is, and is not ours.
            Unavailable: when the server does not say.
        """
        return await self._found(stream) is not None

    async def ensure(self, stream: Stream) -> None:
        """Make the stream where it is missing, and keep it as declared where that may be done.

        Raises:
            ForeignStream: when it is there and is not ours.
            Unavailable: when it is missing and may not be made by this process.
        """
        if stream.name in self.ours:
            return
        found = await self._found(stream)
        wanted = configuration(stream, self._options)
        if found is None:
            await self._make(stream, wanted)
        elif kept_otherwise(found, wanted):
            await self._follow(stream, found, wanted)
        self.ours.add(stream.name)

    async def _found(self, stream: Stream) -> dict[str, Any] | None:
        found = await found_configuration(self._api, stream)
        self._refused.pop(stream.name, None)
        if found is None:
            return None
        differences = foreign(found, configuration(stream, self._options))
        if differences:
            self.ours.discard(stream.name)
            error = ForeignStream(stream.name, differences)
            self._refused[stream.name] = error.message
            raise error
        return found

    async def _make(self, stream: Stream, wanted: dict[str, Any]) -> None:
        try:
            async with self._administration() as api:
                await api.ask(f"STREAM.CREATE.{stream.name}", wanted)
        except PublishNotPermitted:
            raise Unavailable(
                "The bus is not set up yet.",
                reason=f"The stream {stream.name} is missing on NATS, and this process's user may "
                "not make it: run colonnade nats setup, or declare bus.administrator.",
            ) from None
        except ApiError as error:
            # Another process made it meanwhile; whether as we would is looked at again.
            if error.number != _NAME_IN_USE or await self._found(stream) is None:
                raise

    async def _follow(self, stream: Stream, found: dict[str, Any], wanted: dict[str, Any]) -> None:
        try:
            async with self._administration() as api:
                await api.ask(f"STREAM.UPDATE.{stream.name}", updated(found, wanted))
        except PublishNotPermitted:
            self._log.warning(
                "a stream is not kept as declared; run colonnade nats setup",
                stream=stream.name,
                differences=list(kept_otherwise(found, wanted)),
            )

    @asynccontextmanager
    async def _as_ourselves(self) -> AsyncIterator[JetStreamApi]:
        yield self._api


@asynccontextmanager
async def administration(options: NatsOptions, log: Any) -> AsyncIterator[JetStreamApi]:
    """The API as the administrator, for as long as the block runs.

    Raises:
        Unavailable: when the server does not let the administrator in.
    """
    connection = Connection(options, ADMINISTRATOR, log)
    await connection.open()
    try:
        yield JetStreamApi(connection)
    finally:
        await connection.close()


async def found_configuration(api: JetStreamApi, stream: Stream) -> dict[str, Any] | None:
    """Ask the server for the configuration of a stream; nothing when there is no such stream.

    Raises:
        Unavailable: when the server does not say.
    """
    try:
        answer = await api.ask(f"STREAM.INFO.{stream.name}", {})
    except ApiError as error:
        if error.number == _NO_STREAM:
            return None
        raise
    found = answer.get("config")
    if not isinstance(found, dict):
        raise Unavailable(f"JetStream does not say how the stream {stream.name} is kept.")
    return found


class StreamStatus(StrEnum):
    """Status of a stream after a set-up."""

    MADE = "made"
    CHANGED = "changed"
    REPAIRED = "repaired"
    OURS = "ours"
    FOREIGN = "foreign"
    """Somebody changed it, and nothing was done to it."""


@dataclass(frozen=True, slots=True)
class StreamSetup:
    """Outcome of the set-up of one stream, and what differed."""

    stream: str
    state: StreamStatus
    differences: tuple[str, ...] = ()


async def set_up_stream(
    api: JetStreamApi, stream: Stream, options: NatsOptions, *, repair: bool
) -> StreamSetup:
    """Make a stream, or set it as declared; one that is somebody else's only with `repair`.

    Raises:
        Unavailable: when the server refuses.
    """
    wanted = configuration(stream, options)
    found = await found_configuration(api, stream)
    if found is None:
        await api.ask(f"STREAM.CREATE.{stream.name}", wanted)
        return StreamSetup(stream.name, StreamStatus.MADE)
    differences = foreign(found, wanted)
    if differences and not repair:
        return StreamSetup(stream.name, StreamStatus.FOREIGN, differences)
    changed = kept_otherwise(found, wanted)
    if not differences and not changed:
        return StreamSetup(stream.name, StreamStatus.OURS)
    await api.ask(f"STREAM.UPDATE.{stream.name}", updated(found, wanted))
    state = StreamStatus.REPAIRED if differences else StreamStatus.CHANGED
    return StreamSetup(stream.name, state, (*differences, *changed))
