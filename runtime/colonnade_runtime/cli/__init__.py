"""The command line: `colonnade`."""

import copy
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from colonnade.errors import ConfigurationError
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.cli.authors.check_plugin import examine
from colonnade_runtime.cli.check import examined
from colonnade_runtime.cli.dead_letters import deadletters
from colonnade_runtime.cli.doctor import doctor
from colonnade_runtime.cli.migrate import migrate
from colonnade_runtime.cli.nats import nats
from colonnade_runtime.cli.new.command import new
from colonnade_runtime.cli.outbox import outbox
from colonnade_runtime.cli.output import format_option, in_sentences, show_json
from colonnade_runtime.cli.plan import graph_text, plan_of, plan_text
from colonnade_runtime.cli.sagas import sagas
from colonnade_runtime.cli.site import Site
from colonnade_runtime.cli.status import status
from colonnade_runtime.declaration import (
    platform_rows,
    platform_schema,
    tenant_rows,
    tenant_schema,
)
from colonnade_runtime.declaration.rendering import Row
from colonnade_runtime.observability.output import take_over_output
from colonnade_runtime.plugins.plugin import PluginError
from colonnade_runtime.serve.memory import put_off_collection


class PlatformGroup(click.Group):
    """The commands of Colonnade, and those that the platform's plugins add."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it refuses is printed in sentences, never as a stack trace."""
        with in_sentences():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._added(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None and not isinstance(own, click.Group):
            return own
        added = self._added(ctx).get(cmd_name)
        return _merged(own, added) if own is not None else added

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; one that is unknown may be a plugin's, of another folder."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            path = ctx.params.get("path") or Path("platform.yaml")
            if path.exists():
                raise
            hint = f"Plugins add commands, and there is no {path} that names any."
            raise click.UsageError(f"{error.message} {hint}", ctx) from None

    def _added(self, ctx: click.Context) -> dict[str, click.Command]:
        site = Site(ctx.params.get("path") or Path("platform.yaml"), ctx.params.get("settings", ()))
        try:
            plugins = site.plugins().every()
        except ConfigurationError:
            # `check` and `doctor` explain it; the built-in commands work without plugins.
            return {}
        added: dict[str, click.Command] = {}
        for plugin in plugins:
            try:
                commands = plugin.cli_commands
            except PluginError as error:
                click.echo(
                    f"warning: the commands of the {plugin} are broken: {error.__cause__}", err=True
                )
                continue
            for command in commands:
                if command.name:
                    added[command.name] = _merged(added.get(command.name), command) or command
        return added


def _merged(first: click.Command | None, second: click.Command | None) -> click.Command | None:
    """Two groups of one name as one; of two commands of one name the first holds."""
    if not isinstance(first, click.Group) or not isinstance(second, click.Group):
        return first
    merged = copy.copy(first)
    merged.commands = {**second.commands, **first.commands}
    return merged


@click.group(cls=PlatformGroup)
@click.version_option(package_name="colonnade")
@click.option(
    "--platform",
    "path",
    is_eager=True,
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("platform.yaml"),
    show_default=True,
    help="The platform's file.",
)
@click.option(
    "--set", "settings", is_eager=True, multiple=True, metavar="KEY=VALUE", help="Set one key."
)
@click.pass_context
def main(context: click.Context, path: Path, settings: tuple[str, ...]) -> None:
    """Run and inspect a learning platform that is declared in files."""
    context.obj = Site(path, settings, context.obj)


@main.command(short_help="Serve the platform until it is told to stop.")
@click.argument("process", required=False)
@click.option("--replica", type=click.IntRange(1, 256), default=1, help="Which of its replicas.")
@click.pass_obj
def run(site: Site, process: str | None, replica: int) -> None:
    """Serve the platform until it is told to stop (Ctrl+C, SIGTERM).

    Without PROCESS everything runs in this one; with it, that process alone. 'gateway' is the one
    in front of those that 'processes' declares.
    """
    take_over_output()
    put_off_collection()
    if sys.stderr.isatty():
        click.echo("Starting …", err=True)
    from colonnade_runtime.serve.services import serve

    serve(site.path, site.settings, process, replica, site.known)


@main.command(short_help="Start every declared process; start again what ends.")
@click.pass_obj
def up(site: Site) -> None:
    """Start every declared process on this machine, and start again what ends."""
    take_over_output()
    from colonnade_runtime.serve.supervision.supervisor import supervise

    supervise(site.path, site.settings, _as_program)


def _as_program(declared: Declared, words: Sequence[str]) -> None:
    """Be the command `colonnade` with these words, in a process that knows what is declared."""
    main(args=list(words), prog_name="colonnade", obj=declared)


@main.command(short_help="Check files, plugins and policies; exit 1 for a mistake.")
@format_option
@click.option(
    "--plugin",
    "plugin_path",
    type=click.Path(path_type=Path),
    help="Instead, hold the rules for plugins against the one in this folder.",
)
@click.option("--update-contract", is_flag=True, help="With --plugin: record its contract anew.")
@click.pass_obj
def check(site: Site, style: str, plugin_path: Path | None, update_contract: bool) -> None:
    """Say what `run` would refuse, without starting anything; exit 1 when there is something.

    Files, plugins, policies and their tests, secrets, libraries, folders, ports, and what the
    services themselves refuse.
    """
    if plugin_path is not None:
        # An author's folder has no platform; an operator's says what it confirms.
        policies = site.policies_folder() if site.path.exists() else None
        passed = examine(plugin_path, style, update=update_contract, policies=policies)
        if not passed:
            raise click.exceptions.Exit(1)
        return
    problems, warnings = examined(site)
    if style == "json":
        show_json({"valid": not problems, "problems": problems, "warnings": warnings})
    else:
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        for problem in problems:
            click.echo(problem, err=True)
        if not problems:
            click.echo(f"{site.path} is valid.")
    if problems:
        raise click.exceptions.Exit(1)


@main.command(short_help="Show what would run, and what it would offer.")
@format_option
@click.option("--schemas", is_flag=True, help="Also what operations take, and events say.")
@click.pass_obj
def plan(site: Site, style: str, schemas: bool) -> None:
    """Show what would run: services in start order, operations, routes, stores, tenants."""
    plugins = site.plugins()
    found = plan_of(site.load(plugins), plugins, schemas=schemas)
    show_json(found) if style == "json" else click.echo(plan_text(found))


@main.command()
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "mermaid"]),
    default="text",
    show_default=True,
)
@click.pass_obj
def graph(site: Site, style: str) -> None:
    """Show which service may ask which."""
    plugins = site.plugins()
    if style == "json":
        show_json({name: list(asked) for name, asked in plugins.requires().items()})
    else:
        click.echo(graph_text(plugins, style))


def _row(row: Row, *, origin: bool) -> dict[str, Any]:
    shown = {"path": row.path, "value": row.value}
    return shown | {"origin": str(row.origin)} if origin else shown


@main.group()
def config() -> None:
    """Look at the configuration in force."""


@config.command()
@click.option("--origin", is_flag=True, help="Say where each value was written.")
@click.option("--tenant", metavar="ID", help="Show this tenant instead of the platform.")
@format_option
@click.pass_obj
def show(site: Site, origin: bool, tenant: str | None, style: str) -> None:
    """Show every value, defaults included; secrets stay masked."""
    loaded = site.load(site.plugins())
    if tenant is not None and tenant not in loaded.tenants:
        raise ConfigurationError(f"There is no tenant '{tenant}' in {loaded.tenants_folder}.")
    rows = platform_rows(loaded) if tenant is None else tenant_rows(loaded, tenant)
    if style == "json":
        show_json([_row(row, origin=origin) for row in rows])
        return
    for row in rows:
        value = json.dumps(row.value, ensure_ascii=False)
        click.echo(str(row) if origin else f"{row.path}: {value}")


@main.command(short_help="Print the JSON Schema of a declaration, for editors.")
@click.argument("kind", type=click.Choice(["platform", "tenant"]), default="platform")
@click.pass_obj
def schema(site: Site, kind: str) -> None:
    """Print the JSON Schema of platform.yaml or of a tenant's file, for editors."""
    plugins = site.plugins()
    found: dict[str, Any] = (
        platform_schema(plugins.config_models(), plugins.extension_config_models())
        if kind == "platform"
        else tenant_schema(plugins.tenant_config_models())
    )
    show_json(found)


for command in (new, doctor, migrate, outbox, deadletters, sagas, nats, status):
    main.add_command(command)
