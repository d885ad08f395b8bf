"""Starts every declared process on this machine, and starts again what ends."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import SystemRandom

from colonnade.backoff import Backoff
from colonnade.errors import ConfigurationError
from colonnade.waiting import until
from colonnade_runtime.adapters.disk.private_files import keep_files_private
from colonnade_runtime.assembly.declared import Declared, read_declaration
from colonnade_runtime.declaration.model.placement import (
    GATEWAY,
    Placement,
    placement_of,
    placements,
)
from colonnade_runtime.observability.child_lines import ChildLines, JsonLines, PrefixedLines
from colonnade_runtime.observability.lifecycle import Lifecycle
from colonnade_runtime.observability.logs import configure_logs, is_for_machines
from colonnade_runtime.serve.forking.fork_client import (
    ForkClient,
    ForkRefused,
    begin_fork_server,
)
from colonnade_runtime.serve.forking.preloading import preload
from colonnade_runtime.serve.forking.process_starter import PROGRAM, ProcessStarter
from colonnade_runtime.serve.heartbeat import BEAT_SECONDS, HeartbeatMonitor
from colonnade_runtime.serve.supervision.child import Child
from colonnade_runtime.serve.supervision.rolling_restart import IsReady, RollingRestart, is_ready
from colonnade_runtime.serve.supervision.roster import Roster, roster

ProgramOf = Callable[[Declared, Sequence[str]], object]
"""The command line as a function, for processes that know a declaration."""

_BACKOFF = Backoff(first=0.5, cap=30.0)
_STEADY = 30.0
"""Seconds after which a process that runs counts as started well."""

_SPARE = 2.0
"""Seconds beyond `shutdown.total` before a process is killed."""


def supervise(path: Path, settings: Sequence[str] = (), program: ProgramOf | None = None) -> None:
    """Run all processes until told to stop.

    They are forked from one that has imported what they use, and run `program`, the command line;
    without it, each is executed.

    Raises:
        ConfigurationError: when what is declared cannot run, or is run by another already.
    """
    declared = read_declaration(path, settings)
    if not declared.loaded.platform.processes:
        raise ConfigurationError(
            "The platform declares no 'processes'; 'colonnade run' starts everything in one."
        )
    section = declared.loaded.platform.logging
    configure_logs(section.level, section.format, section.client_address)
    keep_files_private(declared.loaded)
    with roster(declared.loaded.root) as children:
        forks, refusal = _fork_server(declared, program)
        asyncio.run(Supervisor(declared, children, forks=forks, refusal=refusal).run())


def _fork_server(declared: Declared, program: ProgramOf | None) -> tuple[ForkClient | None, str]:
    """The fork server, or the reason that there is none."""
    if program is None:
        return None, ""
    seconds = float(declared.loaded.platform.supervision.start)
    try:
        becoming = partial(program, declared)
        return begin_fork_server(partial(preload, declared), becoming, seconds), ""
    except ForkRefused as refused:
        return None, str(refused)


class Supervisor:
    """The processes of one platform, each in a child of this one."""

    def __init__(
        self,
        declared: Declared,
        roster: Roster,
        is_ready: IsReady = is_ready,
        forks: ForkClient | None = None,
        refusal: str = "",
    ) -> None:
        """`refusal` says why there is no fork server, where it was to be."""
        platform = declared.loaded.platform
        self._declared = declared
        self._grace = float(platform.shutdown.total) + _SPARE
        self._heartbeat = float(platform.supervision.heartbeat)
        self._start = float(platform.supervision.start)
        self._roster = roster
        self._gateway = Child(placement_of(platform, GATEWAY))
        self._others = [Child(place) for place in placements(platform)]
        self._lines = _lines_of(declared, [child.name for child in self._children])
        self._starter = ProcessStarter(forks, tell=self._tell_refusal)
        self._refusal = refusal
        self._lifecycle = Lifecycle("up")
        self._all_ready = False
        self._stopped = asyncio.Event()
        root = declared.loaded.root
        self._rolling = RollingRestart(
            self._others, self._terminate, partial(is_ready, root), self._lines.tell
        )

    @property
    def _children(self) -> list[Child]:
        return [*self._others, self._gateway]

    async def run(self) -> None:
        """Start all, and keep them running until SIGTERM or SIGINT.

        SIGHUP is handed on; SIGUSR1 restarts the processes behind the gateway, one after another.
        """
        names = [child.name for child in self._children]
        self._lifecycle.starting(platform=self._declared.path, processes=names)
        if self._refusal:
            self._tell_refusal(self._refusal)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        loop.add_signal_handler(signal.SIGUSR1, self._rolling.begin)
        watching = asyncio.create_task(self._watch(), name="heartbeats")
        tasks = [
            asyncio.create_task(self._keep(child), name=f"process {child.name}")
            for child in self._children
        ]
        await self._stopped.wait()
        self._lifecycle.stopping()
        watching.cancel()
        self._rolling.cancel()
        # The gateway first: it takes no more, and what is on its way is still answered.
        await self._stop(self._gateway)
        await asyncio.gather(*(self._stop(child) for child in self._others))
        await asyncio.gather(*tasks)
        self._starter.close()
        self._lifecycle.stopped()

    async def _keep(self, child: Child) -> None:
        while not child.stopping:
            await self._live(child)

    async def _live(self, child: Child) -> None:
        """One life of a child, and the wait before the next."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        code = await self._once(child)
        if child.stopping:
            return
        if child.renewed:
            child.renewed = False
            return
        child.failures = 1 if loop.time() - started > _STEADY else child.failures + 1
        seconds = _BACKOFF.after(child.failures, SystemRandom())
        self._tell_end(child, code, seconds)
        await until(child.wake, seconds)

    async def _watch(self) -> None:
        """End what stands still: it may hold a lock that only its end gives back."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            await asyncio.sleep(BEAT_SECONDS)
            late = loop.time() - asked > 2 * BEAT_SECONDS
            for child in self._children:
                if child.heartbeat is not None and late:
                    # This one was paused as well, as when a machine sleeps.
                    child.heartbeat.excuse()
                self._end_if_silent(child)

    def _end_if_silent(self, child: Child) -> None:
        if child.heartbeat is None or not child.runs:
            return
        allowed = self._heartbeat if child.heartbeat.began else self._start
        if child.heartbeat.silent() <= allowed:
            return
        sentence = f"stands still for more than {allowed:g} s and is killed"
        if not child.heartbeat.began:
            sentence = f"shows no life for {allowed:g} s since its start and is killed"
        self._lines.tell("error", child.name, "child killed", sentence, reason=f"it {sentence}")
        child.heartbeat.excuse()
        assert child.process is not None
        child.process.kill()

    async def _once(self, child: Child) -> int:
        heartbeat = child.heartbeat = HeartbeatMonitor()
        try:
            return await self._run(child, heartbeat)
        finally:
            child.heartbeat = None
            self._roster.note(child.name, None)
            heartbeat.close()

    async def _run(self, child: Child, heartbeat: HeartbeatMonitor) -> int:
        child.process = await self._starter.start(self._command(child.place), heartbeat.writer)
        heartbeat.started()
        self._roster.note(child.name, child.process.pid)
        child.ready = False
        child.wake.clear()
        if child.stopping:
            # It was told to stop while it was being started.
            child.process.terminate()
        child.starts += 1
        event = "child started" if child.starts == 1 else "child restarted"
        self._lines.tell("info", child.name, event, child_pid=child.process.pid)
        assert child.process.stdout is not None
        while line := await _line(child.process.stdout):
            self._relay(child, line.decode(errors="replace").rstrip())
        return await child.process.wait()

    def _relay(self, child: Child, text: str) -> None:
        name = child.name
        if child.ready or not text.startswith(f"{name} is ready"):
            return self._lines.relay(name, text)
        child.ready = True
        self._lines.relay_ready(name, text)
        if not self._all_ready and all(each.ready for each in self._children):
            self._all_ready = True
            self._lifecycle.ready(processes=[each.name for each in self._children])
        return None

    def _tell_refusal(self, why: str) -> None:
        sentence = f"processes are started with a Python each from now on, for {why}"
        self._lines.tell("warning", GATEWAY, "processes not forked", sentence, reason=why)

    def _tell_end(self, child: Child, code: int, seconds: float) -> None:
        again = round(seconds, 1)
        sentence = f"ended with {code}; started again in {seconds:.1f} s"
        self._lines.tell(
            "error", child.name, "child ended", sentence, exit_code=code, restart_in=again
        )

    async def _stop(self, child: Child) -> None:
        child.stopping = True
        child.wake.set()
        await self._terminate(child)

    async def _terminate(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(self._grace):
                await process.wait()
        except TimeoutError:
            sentence = f"did not stop within {self._grace:g} s and is killed"
            self._lines.tell("error", child.name, "child killed", sentence, reason=f"it {sentence}")
            process.kill()

    def _hang_up(self) -> None:
        for child in self._children:
            if child.process is not None and child.runs:
                child.process.send_signal(signal.SIGHUP)

    def _command(self, place: Placement) -> list[str]:
        settings = [word for each in self._declared.settings for word in ("--set", each)]
        return [
            *PROGRAM, "--platform", str(self._declared.path), *settings,
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
