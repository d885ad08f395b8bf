"""A platform with the kiosk that runs in a test, and commands that work on it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from colonnade.context import use_context
from colonnade.store import Session
from colonnade_runtime.admin.client import AdminClient
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.cli import main
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.process.socket_file import socket_path


@dataclass
class RunningKiosk:
    """A platform that runs in this test's loop, and commands in threads beside it."""

    runtime: Runtime
    site: Path

    @contextmanager
    def client(self) -> Iterator[AdminClient]:
        with AdminClient(socket_path(self.site, "main")) as client:
            yield client

    async def ask(self, request: Any) -> Any:
        def work() -> Any:
            with self.client() as client:
                return client.ask("acme", request)

        return await asyncio.to_thread(work)

    async def commit(self, work: Callable[[Session], object]) -> None:
        """Do something in the kiosk's store that no operation does."""
        with use_context(Actor("kiosk").context("acme", seconds=30)):
            await self.runtime.services.contexts["kiosk"].store.run(work)

    async def command(self, *arguments: str) -> Result:
        whole = ["--platform", str(self.site / "platform.yaml"), *arguments]
        return await asyncio.to_thread(CliRunner().invoke, main, whole)

    async def read(self, *arguments: str) -> Any:
        """What a command prints with `--format json`."""
        result = await self.command(*arguments, "--format", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    @property
    def work(self) -> Any:
        found = self.runtime.background.of("kiosk")
        assert found is not None
        return found
