"""`colonnade sagas`: work that spans services, on a running platform."""

from uuid import UUID

import click

from colonnade.sagas import SagaPhase
from colonnade_runtime.cli.output import (
    format_option,
    progress,
    show_fields,
    show_json,
    show_rows,
    unread_told,
)
from colonnade_runtime.cli.selection import service_option, tenant_option
from colonnade_runtime.cli.site import Site

SECONDS = 600.0


@click.group()
def sagas() -> None:
    """Look at work that spans services, let it go on, or undo it."""


@sagas.command("list")
@tenant_option
@service_option
@click.option(
    "--phase",
    "phases",
    multiple=True,
    type=click.Choice([str(phase) for phase in SagaPhase]),
    help="Only those in this phase; may be repeated.",
)
@click.option("--all", "ended_too", is_flag=True, help="Those that have ended, too.")
@click.option("--name", help="Only sagas of this name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="Of each store.")
@format_option
@click.pass_obj
def list_(
    site: Site,
    tenant: str | None,
    service: str | None,
    phases: tuple[str, ...],
    ended_too: bool,
    name: str | None,
    limit: int,
    style: str,
) -> None:
    """List sagas that have not ended, newest first; all of them with --all."""
    if not phases and not ended_too:
        phases = tuple(str(phase) for phase in SagaPhase if not phase.has_ended)
    arguments = {
        "tenant": tenant,
        "service": service,
        "phases": phases,
        "name": name,
        "limit": limit,
    }
    with site.running() as platform, progress("Reading sagas") as tell:
        rows = platform.run("sagas.list", arguments, seconds=SECONDS, tell=tell)
    columns = ("id", "tenant", "service", "name", "phase", "step", "updated_at", "error")
    nothing = "There are no sagas." if ended_too else "There are no such sagas; --all shows others."
    with unread_told(rows) as read:
        if style == "json":
            show_json(read)
        else:
            show_rows(read, columns, nothing)


@sagas.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@tenant_option
@service_option
@click.option("--reveal", is_flag=True, help="Show personal data of its state, too.")
@format_option
@click.pass_obj
def show(
    site: Site, identifier: UUID, tenant: str | None, service: str | None, reveal: bool, style: str
) -> None:
    """Show the saga ID with its state; personal data stays hidden."""
    arguments = _one(identifier, tenant, service) | {"reveal": reveal}
    _run(site, "sagas.show", arguments, style)


@sagas.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@click.option(
    "--happened/--did-not-happen",
    default=None,
    help="Settle whether the step that it stands at did happen.",
)
@tenant_option
@service_option
@format_option
@click.pass_obj
def resume(
    site: Site,
    identifier: UUID,
    happened: bool | None,
    tenant: str | None,
    service: str | None,
    style: str,
) -> None:
    """Let the saga ID go on that needs an operator."""
    arguments = _one(identifier, tenant, service) | {"happened": happened}
    _run(site, "sagas.resume", arguments, style)


@sagas.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@tenant_option
@service_option
@format_option
@click.pass_obj
def cancel(
    site: Site, identifier: UUID, tenant: str | None, service: str | None, style: str
) -> None:
    """Undo the saga ID, unless its pivot has happened: what it did is compensated."""
    _run(site, "sagas.cancel", _one(identifier, tenant, service), style)


def _run(site: Site, command: str, arguments: dict[str, object], style: str) -> None:
    with site.running() as platform, progress("Looking for the saga") as tell:
        saga = platform.run(command, arguments, seconds=SECONDS, tell=tell)
    show_json(saga) if style == "json" else show_fields(saga)


def _one(identifier: UUID, tenant: str | None, service: str | None) -> dict[str, object]:
    return {"id": str(identifier), "tenant": tenant, "service": service}
