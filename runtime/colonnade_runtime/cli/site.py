"""The platform a command works on: its files and plugins, loaded as a process would load them."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from colonnade.operations import Operation, operation_of
from colonnade.policy import PolicyBundle
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.trial.test_runner import results_of_tests
from colonnade_runtime.admin.client import AdminClient, NotRunning
from colonnade_runtime.admin.processes import ProcessesClient
from colonnade_runtime.assembly.declared import Declared, load_with
from colonnade_runtime.assembly.policies import (
    brought_policies,
    bundle_of,
    policies_without_effect,
)
from colonnade_runtime.cli.output import working
from colonnade_runtime.declaration import LoadedPlatform, load_platform_outline
from colonnade_runtime.declaration.model.placement import EVERYTHING, placements
from colonnade_runtime.plugins.loader import discover_plugins
from colonnade_runtime.plugins.plugin import Plugins
from colonnade_runtime.process.socket_file import socket_path


@dataclass(frozen=True, slots=True)
class Site:
    """Location of the declaration, and the settings of the command line."""

    path: Path
    settings: tuple[str, ...] = ()
    known: Declared | None = None
    """What was read of it before this process was forked."""

    def plugins(self) -> Plugins:
        """The plugins that the platform wants.

        Raises:
            ConfigurationError: when the file cannot be read or plugins are missing or broken.
        """
        with working("Loading plugins"):
            return discover_plugins(load_platform_outline(self.path, settings=self.settings))

    def load(self, plugins: Plugins) -> LoadedPlatform:
        """The whole declaration, read with the models of `plugins`.

        Raises:
            DeclarationError: with every problem of every file.
        """
        with working("Reading what is declared"):
            return load_with(self.path, self.settings, plugins, tables=True)

    def running(self) -> AdminClient | ProcessesClient:
        """A connection to the running platform.

        Raises:
            NotRunning: it does not run.
        """
        try:
            return self._connected()
        except NotRunning:
            raise NotRunning(
                f"The platform of {self.path} does not run. Start it with: {self._command('run')}"
            ) from None

    @contextmanager
    def platform(self) -> Iterator[AdminClient | ProcessesClient]:
        """The running platform, else its services in this process; see `CommandLine`."""
        with ExitStack() as stack:
            client: AdminClient | ProcessesClient
            try:
                client = self._connected()
            except NotRunning:
                stack.enter_context(self._started())
                client = AdminClient(self._socket())
            stack.enter_context(client)
            yield client

    @contextmanager
    def _started(self) -> Iterator[None]:
        # Here, since it brings the whole runtime with it.
        from colonnade_runtime.admin.embedded import embedded
        from colonnade_runtime.assembly.declared import read_declaration
        from colonnade_runtime.observability.logs import configure_logs

        settings = (*self.settings, "tenants.watch=false", "logging.level=warning")
        declared = read_declaration(self.path, settings)
        configure_logs("warning", declared.loaded.platform.logging.format, traces=False)
        with ExitStack() as stack:
            with working("Starting the services"):
                stack.enter_context(embedded(declared, click.get_current_context().command_path))
            yield

    def _connected(self) -> AdminClient | ProcessesClient:
        try:
            return AdminClient(self._socket())
        except NotRunning:
            if not any(self._socket().parent.glob("*.sock")):
                raise
        declared = placements(self.load(self.plugins()).platform)
        return ProcessesClient(self.path.parent, declared)

    def _socket(self) -> Path:
        return socket_path(self.path.parent, EVERYTHING)

    def _command(self, name: str) -> str:
        standard = self.path == Path("platform.yaml")
        return f"colonnade {name}" if standard else f"colonnade --platform {self.path} {name}"

    def check_policies(self, plugins: Plugins) -> bool:
        """Load the policies as the platform would, offline, in an engine of their own; true.

        Raises:
            PolicyError: with everything that is wrong with them.
            DeclarationError: when what confirms grants of plugins is wrong.
        """
        bundle = bundle_of(self.policies_folder(), plugins)
        with working("Trying the policies out"):
            asyncio.run(_try_out(bundle))
        return True

    def policy_warnings(self, plugins: Plugins) -> list[str]:
        """Files that look like policies and do not count, a line each.

        Raises:
            PolicyError: when a policy cannot be read.
            DeclarationError: when what confirms grants of plugins is wrong.
        """
        folder = self.policies_folder()
        return policies_without_effect(folder, plugins, bundle_of(folder, plugins).modules)

    def policy_test_failures(self, plugins: Plugins) -> list[str]:
        """Run the tests beside the policies; return the failures, a line each.

        Raises:
            PolicyError: when a policy cannot be read.
        """
        with working("Running the policies' tests"):
            results = results_of_tests(self.policies_folder(), brought_policies(plugins))
        return [line for result in results if not result.passed for line in result.lines()]

    def policies_folder(self) -> Path:
        """The folder of the operator's policies.

        Raises:
            DeclarationError: when `platform.yaml` cannot be read.
        """
        outline = load_platform_outline(self.path, settings=self.settings)
        return outline.root / outline.policies_folder


def operations_of(plugins: Plugins) -> list[Operation]:
    """Every operation of every service, in start order."""
    return [
        operation_of(request)
        for name in plugins.start_order
        for request in plugins.services[name].operations
    ]


async def _try_out(bundle: PolicyBundle) -> None:
    engine = EmbeddedPolicy()
    try:
        await engine.load(bundle)
    finally:
        await engine.close()
