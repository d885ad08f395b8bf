"""Reload of tenants, policies, log level and what plugins can: whole, at once, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from watchfiles import awatch

from colonnade.background_tasks import background_task
from colonnade.errors import ColonnadeError
from colonnade.faults import Faults, NoFaults
from colonnade.waiting import until
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.policies import LostOverrides
from colonnade_runtime.assembly.started_secrets import secret_files
from colonnade_runtime.declaration import DeclarationError, LoadedPlatform
from colonnade_runtime.declaration.watched_files import (
    SWAPPED_LINK,
    Standing,
    declares,
    standing_of,
)
from colonnade_runtime.observability.declaration_changes import changes_between
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.preflight.machine import refuse_what_no_start_takes

QUIET_MILLISECONDS = 50
"""Milliseconds that files must rest before they are read; an editor writes in several steps."""

WATCH_AGAIN_SECONDS = 1.0
"""Seconds before a folder that cannot be watched is tried again."""

LOOK_MILLISECONDS = 2_000
"""Milliseconds between two looks at files without notifications: they may have changed before the
watch began, and some file systems notify of nothing."""

REFUSED = "reload_refused"
RESTART = "restart_pending"
UNWATCHED = "files_unwatched"

_MEND = "Mend it; `colonnade check` shows all of it. What was declared before runs on."
_MEND_LOST = (
    "`colonnade check` finds nothing wrong with that, since a start takes it; a running platform "
    "does not. What was declared before runs on."
)

Apply = Callable[[LoadedPlatform], Awaitable[list[str]]]
"""Takes a declaration up, and answers with the keys that need a restart; raises a
`ColonnadeError` when nothing was taken up."""


class Reloader:
    """Reads the declaration again on SIGHUP and when its files change."""

    def __init__(
        self, declared: Declared, apply: Apply, log: Any, faults: Faults | None = None
    ) -> None:
        self._faults = faults or NoFaults()
        self._declared = declared
        self._loaded = declared.loaded
        self._apply = apply
        self._log = log
        self._one_at_a_time = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._seen = declared.standing

    @property
    def loaded(self) -> LoadedPlatform:
        """Declaration that was taken up last."""
        return self._loaded

    def start(self) -> None:
        """Watch the files."""
        self._watching = background_task(self._keep_watching(), name="reloader")

    async def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._watching is not None:
            await asyncio.wait({self._watching}, timeout=5)

    async def reload(self) -> bool:
        """Read everything again and take it up; False when it is wrong and nothing changed."""
        async with self._one_at_a_time:
            try:
                loaded = await asyncio.to_thread(self._read_again)
                restart = await self._apply(loaded)
            except DeclarationError as error:
                return self._refuse([str(problem) for problem in error.problems])
            except LostOverrides as error:
                return self._refuse(error.message.splitlines(), mend=_MEND_LOST)
            except ColonnadeError as error:
                return self._refuse(error.message.splitlines())
            except Exception as error:
                self._log.exception("reload failed")
                return self._refuse([failure_in_words(error)])
            self._take_over(loaded, restart)
            return True

    def _read_again(self) -> LoadedPlatform:
        """The declaration as it is now, if a start would take it."""
        self._seen = self._standing()
        loaded = self._declared.read_again()
        refuse_what_no_start_takes(self._declared.loaded, loaded)
        return loaded

    def _refuse(self, problems: list[str], mend: str = _MEND) -> bool:
        self._log.error("reload refused; nothing changed", problems=problems)
        self._faults.report(
            REFUSED,
            f"The declaration as it is now was refused: {_one_sentence(problems)}",
            mend=mend,
        )
        return False

    def _take_over(self, loaded: LoadedPlatform, restart: list[str]) -> None:
        self._faults.withdraw(REFUSED)
        if restart:
            self._log.warning("some changes need a restart", keys=restart)
            self._faults.report(
                RESTART,
                f"Declared since the start and not in force: {', '.join(restart)}.",
                mend="Restart this process.",
            )
        else:
            self._faults.withdraw(RESTART)
        before, after = self._loaded.platform.logging, loaded.platform.logging
        if before != after:
            configure_logs(after.level, after.format, after.client_address)
        changes = changes_between(self._loaded, loaded)
        self._loaded = loaded
        tenants = len(loaded.tenants)
        self._log.info("reloaded", tenants=tenants, digest=loaded.digest, **changes)

    async def _keep_watching(self) -> None:
        while not self._stopped.is_set():
            try:
                await self._watch(self._folders())
            except OSError as error:
                self._faults.report(
                    UNWATCHED,
                    f"The files of the declaration cannot be watched: {error}",
                    mend="Check that its folders are there; until then reload with SIGHUP.",
                )
                await until(self._stopped, WATCH_AGAIN_SECONDS)

    async def _watch(self, folders: frozenset[Path]) -> None:
        """Reload on every change, until stopped or until other folders are to be watched."""
        files = _secret_files(self._loaded)
        changes = awatch(
            *folders,
            watch_filter=lambda change, path: _matters(Path(path), folders, files),
            stop_event=self._stopped,
            step=QUIET_MILLISECONDS,
            debounce=QUIET_MILLISECONDS * 4,
            rust_timeout=LOOK_MILLISECONDS,
            yield_on_timeout=True,
            recursive=False,
        )
        async for found in changes:
            self._faults.withdraw(UNWATCHED)
            if found or await asyncio.to_thread(self._standing) != self._seen:
                await self.reload()
            # A folder that was replaced is another one: the old watch would hear nothing of it.
            replaced = any(Path(path) in folders for _, path in found)
            if replaced or self._folders() != folders:
                return

    def _standing(self) -> Standing:
        return standing_of(self._declared.folders_of(self._loaded), _secret_files(self._loaded))

    def _folders(self) -> frozenset[Path]:
        # A secret whose folder is not there is missed elsewhere.
        held = {file.parent for file in _secret_files(self._loaded) if file.parent.is_dir()}
        return self._declared.folders_of(self._loaded) | held


def _one_sentence(problems: list[str]) -> str:
    return "; ".join(problem.rstrip(".") for problem in problems) + "."


def _secret_files(loaded: LoadedPlatform) -> frozenset[Path]:
    return frozenset(file.absolute() for file in secret_files(loaded))


def _matters(path: Path, folders: frozenset[Path], files: frozenset[Path]) -> bool:
    return path.name == SWAPPED_LINK or path in folders or path in files or declares(path)
