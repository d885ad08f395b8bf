"""The restart of one process after another, by which no service goes away that has replicas."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from colonnade.background_tasks import background_task
from colonnade.errors import ColonnadeError, DeadlineExceeded
from colonnade_runtime.admin.client import AdminClient, NoAnswer
from colonnade_runtime.declaration.model.placement import GATEWAY
from colonnade_runtime.process.socket_file import socket_path
from colonnade_runtime.serve.supervision.child import Child

READY_SECONDS = 120.0
"""Seconds for a process to be ready before the restart is given up: the one restarted, or the
replica that has to answer meanwhile."""

LOOK_SECONDS = 0.2
"""Seconds between two looks at a process that is not ready."""

ANSWER_SECONDS = 2.0
"""Seconds for a process to report its state."""

IsReady = Callable[[Path, Child], Awaitable[bool]]
"""Probe that tells whether a child of the platform in a folder answers."""

Tell = Callable[..., None]
"""Says something of a process: level, its name, event, sentence, facts."""


class RollingRestart:
    """Restarts children in order, one restart at a time. Of a process with replicas one is
    stopped only while every other is ready."""

    def __init__(
        self,
        children: Sequence[Child],
        terminate: Callable[[Child], Awaitable[None]],
        is_ready: Callable[[Child], Awaitable[bool]],
        tell: Tell,
    ) -> None:
        self._children = children
        self._terminate = terminate
        self._is_ready = is_ready
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Restart all; while that is under way already, only say so."""
        if self._task is None or self._task.done():
            self._task = background_task(self._restart_each(), name="rolling restart")
            return
        sentence = (
            "a restart is under way already, and this signal changes nothing: send it again when"
            " that one has finished"
        )
        self._tell("warning", GATEWAY, "restart ignored", sentence)

    def cancel(self) -> None:
        """Go no further."""
        if self._task is not None:
            self._task.cancel()

    async def _restart_each(self) -> None:
        for child in self._children:
            if not await self._restarted(child):
                return
        self._tell("info", GATEWAY, "restart finished", "all processes were restarted")

    async def _restarted(self, child: Child) -> bool:
        """Restart one child; return True when it is ready again."""
        if not await self._others_are_ready(child):
            return False
        before = child.process
        await self._renew(child)
        if await _in_time(partial(_is_ready_again, child, before)):
            return True
        sentence = "is not ready again; the restart of the others is given up"
        self._tell("error", child.name, "restart given up", sentence)
        return False

    async def _renew(self, child: Child) -> None:
        if not child.runs:
            # It waits to be started again; its end was a failure, and stays one.
            self._tell("info", child.name, "restart", "had ended and is started now")
            return child.wake.set()
        self._tell("info", child.name, "restart", "is restarted")
        child.renewed = True
        return await self._terminate(child)

    async def _others_are_ready(self, child: Child) -> bool:
        """True when `child` may be stopped: a child that does not answer itself is no loss."""
        if not child.answers or not (missing := await self._missing(child)):
            return True
        sentence = f"is restarted when {_named(missing)} ready"
        self._tell("info", child.name, "restart waits", sentence, waits_for=missing)

        async def may_stop() -> bool:
            nonlocal missing
            missing = await self._missing(child)
            return not missing or not child.answers

        if await _in_time(may_stop):
            return True
        sentence = (
            f"is not restarted, for {_named(missing)} not ready within {READY_SECONDS:g} s and"
            " nobody would answer meanwhile; the restart of the others is given up"
        )
        self._tell("error", child.name, "restart given up", sentence, waits_for=missing)
        return False

    async def _missing(self, child: Child) -> list[str]:
        """The names of the other replicas that are not ready."""
        process = child.place.process
        others = [each for each in self._children if each.place.process == process]
        others.remove(child)
        ready = await asyncio.gather(*map(self._is_ready, others))
        return [each.name for each, is_ready in zip(others, ready, strict=True) if not is_ready]


async def _is_ready_again(child: Child, before: Any) -> bool:
    return child.process is not before and child.answers


def _named(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


async def _in_time(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Return True when the condition holds within `READY_SECONDS`."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                if await condition():
                    return True
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return False


async def is_ready(root: Path, child: Child) -> bool:
    """Return True when the process answers, and reports nothing that it waits for."""
    return child.answers and await asyncio.to_thread(_says_ready, root, child.name)


def _says_ready(root: Path, name: str) -> bool:
    try:
        with AdminClient(socket_path(root, name)) as client:
            said = client.run("status", {}, seconds=ANSWER_SECONDS)
    except NoAnswer:
        return False
    except DeadlineExceeded:
        # It answers, and is only slow.
        return True
    except ColonnadeError:
        return False
    return not said["waiting_for"]
