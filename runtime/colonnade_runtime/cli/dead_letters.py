"""`colonnade deadletters`: what a service of a running platform gave up."""

from uuid import UUID

import click

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


@click.group(short_help="See, replay or discard what could not be handled.")
def deadletters() -> None:
    """Look at what could not be handled, events above all, and handle or discard it."""


@deadletters.command("list")
@tenant_option
@service_option
@click.option("--replayed", is_flag=True, help="Also those that were replayed.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="Of each store.")
@format_option
@click.pass_obj
def list_(
    site: Site, tenant: str | None, service: str | None, replayed: bool, limit: int, style: str
) -> None:
    """List them, oldest first; those without a tenant name none that is known here."""
    arguments = {"tenant": tenant, "service": service, "replayed": replayed, "limit": limit}
    with site.running() as platform, progress("Reading dead letters") as tell:
        rows = platform.run("deadletters.list", arguments, seconds=SECONDS, tell=tell)
    columns = ("id", "tenant", "consumer", "type", "created_at", "error")
    with unread_told(rows) as read:
        if style == "json":
            show_json(read)
        else:
            show_rows(read, columns, "There are no dead letters.")


@deadletters.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@tenant_option
@service_option
@click.option("--reveal", is_flag=True, help="Show personal data of the event, too.")
@format_option
@click.pass_obj
def show(
    site: Site, identifier: UUID, tenant: str | None, service: str | None, reveal: bool, style: str
) -> None:
    """Show the dead letter ID with its event or details; personal data stays hidden."""
    arguments = _one(identifier, tenant, service) | {"reveal": reveal}
    with site.running() as platform:
        letter = platform.run("deadletters.show", arguments, seconds=SECONDS)
    show_json(letter) if style == "json" else show_fields(letter)


@deadletters.command()
@click.argument("identifiers", metavar="[ID]...", type=click.UUID, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every one that was not replayed.")
@tenant_option
@service_option
@format_option
@click.pass_obj
def replay(
    site: Site,
    identifiers: tuple[UUID, ...],
    everything: bool,
    tenant: str | None,
    service: str | None,
    style: str,
) -> None:
    """Deliver dead letters once more: those named, or --all. Exit 1 when one fails again.

    Do so when the cause is mended: a corrected plugin, a declared tenant.
    """
    if bool(identifiers) is everything:
        raise click.UsageError("Name the dead letters, or say --all.")
    arguments = {"ids": [str(one) for one in identifiers], "tenant": tenant, "service": service}
    with site.running() as platform, progress("Replaying") as tell:
        rows = platform.run("deadletters.replay", arguments, seconds=SECONDS, tell=tell)
    with unread_told(rows) as read:
        if style == "json":
            show_json(read)
        else:
            show_rows(read, ("id", "replayed", "error"), "There are no dead letters.")
    if not all(row["replayed"] for row in read):
        raise click.exceptions.Exit(1)


@deadletters.command()
@click.argument("identifier", metavar="ID", type=click.UUID)
@tenant_option
@service_option
@format_option
@click.pass_obj
def discard(
    site: Site, identifier: UUID, tenant: str | None, service: str | None, style: str
) -> None:
    """Remove the dead letter ID; what is in it counts as handled."""
    with site.running() as platform:
        letter = platform.run(
            "deadletters.discard", _one(identifier, tenant, service), seconds=SECONDS
        )
    if style == "json":
        show_json(letter)
    else:
        click.echo(f"Discarded {identifier}.")


def _one(identifier: UUID, tenant: str | None, service: str | None) -> dict[str, object]:
    return {"id": str(identifier), "tenant": tenant, "service": service}
