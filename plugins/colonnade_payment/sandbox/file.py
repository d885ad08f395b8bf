"""The sandbox's record of its acts, in a SQLite file of its own.

A crash of the platform cannot undo it: it is the witness of what the provider did.
"""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from colonnade.money import Money
from colonnade_payment.api import Outcome, ProviderAction, ProviderRecord, ProviderRequest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS acts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    tenant TEXT NOT NULL,
    payment TEXT NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    at REAL NOT NULL,
    effective_at REAL NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS acts_target ON acts (target, action);
CREATE INDEX IF NOT EXISTS acts_told ON acts (told, effective_at);
CREATE INDEX IF NOT EXISTS acts_payment ON acts (payment);
"""


@dataclass(frozen=True, slots=True)
class Act:
    """Act of the provider, in effect from `effective_at` (seconds since the epoch)."""

    number: int
    key: str
    tenant: str
    payment: str
    method: str
    at: float
    effective_at: float
    record: ProviderRecord


class SandboxFile:
    """File of acts. Blocking, and for one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        # Durable at every commit: the platform's crash tests ask this file what happened.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.executescript(_SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def secret(self) -> str:
        """Read the secret that signs webhooks when none is configured: made once, then kept."""
        made = secrets.token_urlsafe(32)
        self._connection.execute(
            "INSERT OR IGNORE INTO facts VALUES ('webhook_secret', ?)", (made,)
        )
        query = "SELECT value FROM facts WHERE name = 'webhook_secret'"
        return str(self._connection.execute(query).fetchone()["value"])

    def by_key(self, key: str) -> Act | None:
        """Find the act under an idempotency key."""
        return self._one("SELECT * FROM acts WHERE key = ?", key)

    def by_reference(self, reference: str) -> Act | None:
        """Find the act that the provider calls `reference`."""
        return self._one("SELECT * FROM acts WHERE reference = ?", reference)

    def of_payment(self, payment: str) -> Sequence[Act]:
        """List the acts for a payment, in order."""
        rows = self._connection.execute(
            "SELECT * FROM acts WHERE payment = ? ORDER BY number", (payment,)
        )
        return [_act(row) for row in rows]

    def succeeded(self, action: ProviderAction, target: str) -> int:
        """Sum the amounts of one action on a target that succeeded, in minor units."""
        row = self._connection.execute(
            "SELECT COALESCE(SUM(amount), 0) AS total FROM acts"
            " WHERE action = ? AND target = ? AND outcome = 'succeeded'",
            (action, target),
        ).fetchone()
        return int(row["total"])

    def has_succeeded(self, action: ProviderAction, target: str) -> bool:
        """Tell whether an action on a target has succeeded."""
        query = "SELECT 1 FROM acts WHERE action = ? AND target = ? AND outcome = 'succeeded'"
        return self._connection.execute(query, (action, target)).fetchone() is not None

    def add(
        self, request: ProviderRequest, method: str, decided: ProviderRecord, at: float, late: float
    ) -> Act:
        """Write an act durably; one that is there under the same key stays as it is."""
        self._connection.execute(
            "INSERT OR IGNORE INTO acts (key, action, tenant, payment, method, target, reference,"
            " amount, currency, outcome, reason, message, at, effective_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.key,
                request.action,
                request.tenant,
                request.payment,
                method,
                request.reference,
                decided.reference,
                request.amount.amount,
                request.amount.currency,
                decided.outcome,
                decided.reason,
                decided.message,
                at,
                at + late,
            ),
        )
        act = self.by_key(request.key)
        assert act is not None
        return act

    def unannounced(self, now: float, limit: int) -> Sequence[Act]:
        """List acts that have taken effect and that no webhook has arrived for, in order."""
        rows = self._connection.execute(
            "SELECT * FROM acts WHERE told = 0 AND effective_at <= ? ORDER BY number LIMIT ?",
            (now, limit),
        )
        return [_act(row) for row in rows]

    def mark_announced(self, numbers: Sequence[int]) -> None:
        """Record that webhooks for these acts have arrived."""
        self._connection.executemany(
            "UPDATE acts SET told = 1 WHERE number = ?", [(number,) for number in numbers]
        )

    def _one(self, query: str, value: str) -> Act | None:
        row = self._connection.execute(query, (value,)).fetchone()
        return None if row is None else _act(row)


def _act(row: sqlite3.Row) -> Act:
    return Act(
        number=row["number"],
        key=row["key"],
        tenant=row["tenant"],
        payment=row["payment"],
        method=row["method"],
        at=row["at"],
        effective_at=row["effective_at"],
        record=ProviderRecord(
            action=ProviderAction(row["action"]),
            outcome=Outcome(row["outcome"]),
            reference=row["reference"],
            amount=Money(amount=row["amount"], currency=row["currency"]),
            reason=row["reason"],
            message=row["message"],
        ),
    )
