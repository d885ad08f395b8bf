"""History for one reaction: past events out of the archive of the service that published them.

The two services may be in different processes, so the client carries the events from one to the
other, in the order in which they were committed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

SECONDS = 600.0
"""Seconds that the delivery of one batch may take."""

Run = Callable[..., Any]
Tell = Callable[[int, int], None]


class History:
    """Past events for one reaction, written at `since` or later. `run` runs admin commands.

    Raises:
        NotFound: there is no such reaction.
    """

    def __init__(self, run: Run, reaction: str, since: datetime) -> None:
        self._run, self._since = run, since.isoformat()
        self._target = {"service": reaction.partition(":")[0], "reaction": reaction}
        heard = run("outbox.heard", self._target)
        self._service, self._type = heard["service"], heard["type"]

    def delivered(self, tenant: str | None, tell: Tell) -> list[dict[str, Any]]:
        """Deliver in each academy, or in one; a row for each that says how many it got, and how
        many it had before or does not take."""
        places = self._run("outbox.status", {"service": self._service, "tenant": tenant})
        rows = []
        for done, place in enumerate(places):
            tell(done, len(places))
            rows.append(place if "unread" in place else self._in(place["tenant"]))
        return rows

    def _in(self, tenant: str) -> dict[str, Any]:
        row = {"service": self._service, "tenant": tenant, "delivered": 0, "passed_over": 0}
        after = 0
        while True:
            batch = self._run(
                "outbox.archive",
                {
                    "service": self._service,
                    "tenant": tenant,
                    "type": self._type,
                    "since": self._since,
                    "after": after,
                },
                seconds=SECONDS,
            )
            if not batch["envelopes"]:
                return row
            told = self._run(
                "outbox.deliver",
                {**self._target, "envelopes": batch["envelopes"]},
                seconds=SECONDS,
            )
            row["delivered"] += told["delivered"]
            row["passed_over"] += told["passed_over"]
            after = batch["last"]
