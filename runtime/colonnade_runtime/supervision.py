"""Starts every declared process on this machine, and starts again what ends."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.private_files import keep_files_private
from colonnade_runtime.declaration.places import FRONT, Place, place_of, places
from colonnade_runtime.declared import Declared, read_declaration
from colonnade_runtime.end_with_parent import end_with_parent
from colonnade_runtime.events.backoff import Backoff
from colonnade_runtime.heartbeat import BEAT_SECONDS, VARIABLE, Pulse
from colonnade_runtime.logs import configure_logs, is_for_machines
from colonnade_runtime.observability.child_lines import ChildLines, JsonLines, PrefixedLines
from colonnade_runtime.observability.lifecycle import Lifecycle

_BACKOFF = Backoff(first=0.5, cap=30.0)
_STEADY = 30.0
"""Seconds after which a process that runs counts as started well."""

_SPARE = 2.0
"""Seconds beyond `shutdown.total` before a process is killed."""

READY_SECONDS = 120.0
"""How long a process that was restarted may take to be ready, before others are left alone."""


def supervise(path: Path, settings: Sequence[str] = ()) -> None:
    """Run all processes until told to stop.

    Raises:
        ConfigurationError: when what is declared cannot run.
    """
    declared = read_declaration(path, settings)
    if not declared.loaded.platform.processes:
        raise ConfigurationError(
            "The platform declares no 'processes'; 'colonnade run' starts everything in one."
        )
    section = declared.loaded.platform.logging
    configure_logs(section.level, section.format, section.client_address)
    keep_files_private(declared.loaded)
    asyncio.run(Supervisor(declared).run())


@dataclass(slots=True)
class _Child:
    place: Place
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    failures: int = 0
    renewed: bool = False
    ready: bool = False
    pulse: Pulse | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """The processes of one platform, each in a child of this one."""

    def __init__(self, declared: Declared) -> None:
        platform = declared.loaded.platform
        self._declared = declared
        self._grace = float(platform.shutdown.total) + _SPARE
        self._heartbeat = float(platform.supervision.heartbeat)
        self._front = _Child(place_of(platform, FRONT))
        self._others = [_Child(place) for place in places(platform)]
        self._lines = _lines_of(declared, [child.place.name for child in self._children])
        self._lifecycle = Lifecycle("up")
        self._all_ready = False
        self._stopped = asyncio.Event()
        self._rolling: asyncio.Task[None] | None = None

    @property
    def _children(self) -> list[_Child]:
        return [*self._others, self._front]

    async def run(self) -> None:
        """Start all, and keep them running until SIGTERM or SIGINT.

        SIGHUP is handed on; SIGUSR1 restarts the processes behind the gateway, one after another.
        """
        names = [child.place.name for child in self._children]
        self._lifecycle.starting(platform=self._declared.path, processes=names)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        loop.add_signal_handler(signal.SIGUSR1, self._roll)
        watching = asyncio.create_task(self._watch(), name="heartbeats")
        tasks = [
            asyncio.create_task(self._keep(child), name=f"process {child.place.name}")
            for child in self._children
        ]
        await self._stopped.wait()
        self._lifecycle.stopping()
        watching.cancel()
        if self._rolling is not None:
            self._rolling.cancel()
        # The front first: it takes no more, and what is on its way is still answered.
        await self._stop(self._front)
        await asyncio.gather(*(self._stop(child) for child in self._others))
        await asyncio.gather(*tasks)
        self._lifecycle.stopped()

    async def _keep(self, child: _Child) -> None:
        loop = asyncio.get_running_loop()
        while not child.stopping.is_set():
            started = loop.time()
            code = await self._once(child)
            if child.stopping.is_set():
                return
            if child.renewed:
                child.renewed = False
                continue
            child.failures = 1 if loop.time() - started > _STEADY else child.failures + 1
            seconds = _BACKOFF.after(child.failures, SystemRandom())
            self._tell_end(child, code, seconds)
            try:
                async with asyncio.timeout(seconds):
                    await child.stopping.wait()
            except TimeoutError:
                continue

    async def _watch(self) -> None:
        """End what stands still: it may hold a lock that only its end gives back."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            await asyncio.sleep(BEAT_SECONDS)
            late = loop.time() - asked > 2 * BEAT_SECONDS
            for child in self._children:
                if child.pulse is not None and late:
                    # This one was paused as well, as when a machine sleeps.
                    child.pulse.excuse()
                self._end_if_silent(child)

    def _end_if_silent(self, child: _Child) -> None:
        running = child.process is not None and child.process.returncode is None
        if child.pulse is None or not running or child.pulse.silent() <= self._heartbeat:
            return
        sentence = f"stands still for more than {self._heartbeat:g} s and is killed"
        self._lines.tell(
            "error", child.place.name, "child killed", sentence, reason=f"it {sentence}"
        )
        child.pulse.excuse()
        assert child.process is not None
        child.process.kill()

    async def _once(self, child: _Child) -> int:
        pulse = child.pulse = Pulse()
        try:
            return await self._run(child, pulse)
        finally:
            child.pulse = None
            pulse.close()

    async def _run(self, child: _Child, pulse: Pulse) -> int:
        child.process = await asyncio.create_subprocess_exec(
            *self._command(child.place),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Of its own: Ctrl+C here is ours to hand on, in order.
            start_new_session=True,
            preexec_fn=end_with_parent,
            pass_fds=(pulse.writer,),
            env={**os.environ, VARIABLE: str(pulse.writer)},
        )
        pulse.started()
        child.ready = False
        child.starts += 1
        event = "child started" if child.starts == 1 else "child restarted"
        self._lines.tell("info", child.place.name, event, child_pid=child.process.pid)
        assert child.process.stdout is not None
        while line := await _line(child.process.stdout):
            self._relay(child, line.decode(errors="replace").rstrip())
        return await child.process.wait()

    def _relay(self, child: _Child, text: str) -> None:
        name = child.place.name
        if child.ready or not text.startswith(f"{name} is ready"):
            return self._lines.relay(name, text)
        child.ready = True
        self._lines.relay_ready(name, text)
        if not self._all_ready and all(each.ready for each in self._children):
            self._all_ready = True
            self._lifecycle.ready(processes=[each.place.name for each in self._children])
        return None

    def _tell_end(self, child: _Child, code: int, seconds: float) -> None:
        again = round(seconds, 1)
        sentence = f"ended with {code}; started again in {seconds:.1f} s"
        self._lines.tell(
            "error", child.place.name, "child ended", sentence, exit_code=code, restart_in=again
        )

    async def _stop(self, child: _Child) -> None:
        child.stopping.set()
        await self._terminate(child)

    async def _terminate(self, child: _Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self._grace):
                await process.wait()
        except TimeoutError:
            sentence = f"did not stop within {self._grace:g} s and is killed"
            self._lines.tell(
                "error", child.place.name, "child killed", sentence, reason=f"it {sentence}"
            )
            process.kill()

    def _roll(self) -> None:
        if self._rolling is None or self._rolling.done():
            self._rolling = asyncio.create_task(self._restart_each(), name="rolling restart")

    async def _restart_each(self) -> None:
        """The next one only when the one before is ready again: replicas answer for each other."""
        for child in self._others:
            self._lines.tell("info", child.place.name, "restart", "is restarted")
            before = child.process
            child.renewed = True
            await self._terminate(child)
            if not await self._is_ready_again(child, before):
                sentence = "is not ready again; the restart of the others is given up"
                return self._lines.tell("error", child.place.name, "restart given up", sentence)
        sentence = "all processes were restarted"
        return self._lines.tell("info", self._front.place.name, "restart finished", sentence)

    async def _is_ready_again(
        self, child: _Child, before: asyncio.subprocess.Process | None
    ) -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while True:
                    if child.process is not before and child.ready:
                        return True
                    await asyncio.sleep(0.1)
        except TimeoutError:
            return False

    def _hang_up(self) -> None:
        for child in self._children:
            if child.process is not None and child.process.returncode is None:
                child.process.send_signal(signal.SIGHUP)

    def _command(self, place: Place) -> list[str]:
        settings = [word for each in self._declared.settings for word in ("--set", each)]
        return [
            sys.executable, "-m", "colonnade_runtime",
            "--platform", str(self._declared.path), *settings,
            "run", place.process, "--replica", str(place.replica),
        ]  # fmt: skip


def _lines_of(declared: Declared, children: Sequence[str]) -> ChildLines:
    platform = declared.loaded.platform
    if is_for_machines(platform.logging.format, production=platform.is_production):
        return JsonLines()
    return PrefixedLines(children)


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        # A line beyond the reader's limit: what is there of it is dropped.
        return b"(a line too long to show)"
