"""`colonnade outbox`: events on their way out of the services of a running platform."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from colonnade.moments import utc
from colonnade_runtime.admin.history import History
from colonnade_runtime.cli.output import format_option, progress, show_json, show_rows, unread_told
from colonnade_runtime.cli.selection import service_option, tenant_option
from colonnade_runtime.cli.site import Site

SECONDS = 600.0

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """An instant (RFC 3339), a day (UTC), or how long ago: `90s`, `15m`, `2h`, `7d`."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant meant, aware."""
        found = _AGO.fullmatch(value)
        try:
            if found:
                ago = timedelta(**{_UNITS[found[2]]: int(found[1])})
                return utc(datetime.now(UTC) - ago)
            return utc(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            self.fail(
                f"'{value}' is no time within the calendar: use 2026-11-25T10:00:00Z, "
                "2026-11-25 (UTC), or how long ago, such as 2h or 7d.",
                param,
                ctx,
            )


@click.group(short_help="See events on their way out; send past ones again.")
def outbox() -> None:
    """Look at events on their way out of the services, and send past ones again."""


@outbox.command()
@tenant_option
@service_option
@click.option("--all", "everything", is_flag=True, help="Also outboxes in which nothing waits.")
@format_option
@click.pass_obj
def status(
    site: Site, tenant: str | None, service: str | None, everything: bool, style: str
) -> None:
    """Show how many events wait in each outbox, since when, and how many were sent."""
    with site.running() as platform, progress("Reading outboxes") as tell:
        arguments = {"tenant": tenant, "service": service}
        rows = platform.run("outbox.status", arguments, seconds=SECONDS, tell=tell)
    columns = ("service", "tenant", "pending", "oldest", "sent")
    with unread_told(rows) as read:
        shown = [row for row in read if everything or row["pending"]]
        if style == "json":
            show_json(shown)
        else:
            show_rows(shown, columns, f"No event waits in any of {len(read)} outboxes.")


@outbox.command()
@click.option("--since", type=Since(), required=True, help=Since.__doc__)
@click.option("--to", "reaction", metavar="REACTION", help="One reaction that they go to alone.")
@tenant_option
@service_option
@format_option
@click.pass_obj
def republish(
    site: Site,
    since: datetime,
    reaction: str | None,
    tenant: str | None,
    service: str | None,
    style: str,
) -> None:
    """Send the events again that were written at TIME or later, such as after a lost broker.

    Services that have handled an event already pass it over. With --to, as
    certificates:Reactions.completed, only that reaction gets them: history for a new plugin.
    """
    if reaction is not None:
        if service is not None:
            raise click.UsageError("--to says whose events are meant; leave --service out.")
        _to_one_reaction(site, reaction, since, tenant, style)
        return
    arguments = {"since": since.isoformat(), "tenant": tenant, "service": service}
    with site.running() as platform, progress("Republishing") as tell:
        rows = platform.run("outbox.republish", arguments, seconds=SECONDS, tell=tell)
    columns = ("service", "tenant", "republished")
    with unread_told(rows) as read:
        if style == "json":
            show_json(read)
        else:
            shown = [row for row in read if row["republished"]]
            show_rows(shown, columns, "No event was written since then.")


def _to_one_reaction(
    site: Site, reaction: str, since: datetime, tenant: str | None, style: str
) -> None:
    with site.running() as platform, progress("Delivering") as tell:
        history = History(platform.run, reaction, since)
        rows = history.delivered(tenant, tell)
    with unread_told(rows) as read:
        if style == "json":
            show_json(read)
        else:
            shown = [row for row in read if row["delivered"] or row["passed_over"]]
            columns = ("service", "tenant", "delivered", "passed_over")
            show_rows(shown, columns, "No event that it reacts to was written since then.")
