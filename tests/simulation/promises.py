"""Promises about money, seats and sagas, checked in the files themselves."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import UUID

from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.testing.simulation import Violation, rows, tenant_files

BOOKED = "SELECT count(*) FROM journals WHERE kind = 'capture' AND payment_id = ?"
ENDED = ("completed", "compensated", "canceled")


def expect_promises(declared: Declared) -> None:
    """Check what must hold of money, seats and sagas once everything is settled.

    Raises:
        Violation: saying what does not.
    """
    captures = _captures(declared)
    for tenant, files in _files(declared).items():
        _expect_sagas(tenant, files)
        _expect_money(tenant, files["payment"], captures)
        _expect_seats(tenant, files["course"], files["payment"])


def money_is_settled(declared: Declared, now: float) -> bool:
    """Tell whether the ledger has all that the provider took; `now` is in epoch seconds."""
    captures = _captures(declared)
    if any(at > now for _, at in captures.values()):
        return False
    booked = {
        str(UUID(str(payment)))
        for files in _files(declared).values()
        for (payment,) in rows(
            files["payment"], "SELECT id FROM payments WHERE captured_at IS NOT NULL"
        )
    }
    return captures.keys() <= booked


def _expect_sagas(tenant: str, files: dict[str, Path]) -> None:
    for service, path in files.items():
        for name, phase, error in rows(path, "SELECT name, phase, error FROM colonnade_sagas"):
            if phase not in (*ENDED, "needs_operator"):
                raise Violation(f"{tenant}/{service}: the saga {name} is {phase}: {error}")


def _expect_money(tenant: str, path: Path, captures: dict[str, tuple[int, float]]) -> None:
    for payment, (count, _) in captures.items():
        if count != 1:
            raise Violation(f"{tenant}: {count} captures for the payment {payment}.")
    sums = rows(path, "SELECT currency, sum(amount) FROM postings GROUP BY currency")
    if any(total != 0 for _, total in sums):
        raise Violation(f"{tenant}: the ledger does not sum to zero: {sums}")
    query = "SELECT id, status, amount, captured_at, refunded, refunding FROM payments"
    for identifier, status, amount, captured_at, refunded, refunding in rows(path, query):
        payment = str(UUID(str(identifier)))
        if (payment in captures) != (captured_at is not None):
            raise Violation(f"{tenant}: {payment} is {status}; the provider says otherwise.")
        booked = rows(
            path,
            "SELECT count(*) FROM journals WHERE kind = 'capture' AND payment_id = ?",
            identifier,
        )
        if booked != [(int(captured_at is not None),)]:
            raise Violation(f"{tenant}: {payment} is booked {booked[0][0]} times.")
        if not 0 <= int(str(refunded)) <= int(str(amount)) or refunding != refunded:
            raise Violation(
                f"{tenant}: {payment} has refunds of {refunded}, {refunding} under way."
            )


def _expect_seats(tenant: str, course: Path, payment: Path) -> None:
    paid = {
        row[0] for row in rows(payment, "SELECT id FROM payments WHERE captured_at IS NOT NULL")
    }
    query = (
        "SELECT r.key, e.activated_at, e.status FROM seat_reservations r "
        "JOIN enrollments e ON e.id = r.enrollment_id"
    )
    for key, activated_at, status in rows(course, query):
        if activated_at is not None and UUID(str(key)).hex not in paid:
            raise Violation(f"{tenant}: the reservation {key} was activated and never paid.")
        if status == "reserved":
            raise Violation(f"{tenant}: the reservation {key} holds a seat for ever.")
    live = Counter(
        row[0] for row in rows(course, "SELECT course_id FROM enrollments WHERE status != 'ended'")
    )
    counted = (
        "SELECT c.id, c.seats, k.seats_taken FROM courses c "
        "JOIN course_counters k ON k.course_id = c.id"
    )
    for identifier, seats, taken in rows(course, counted):
        if live[identifier] != taken or (seats is not None and int(str(taken)) > int(str(seats))):
            raise Violation(f"{tenant}: {taken} of {seats} seats are taken by {live[identifier]}.")


def _files(declared: Declared) -> dict[str, dict[str, Path]]:
    found: dict[str, dict[str, Path]] = {}
    for service, tenant, path in tenant_files(declared):
        found.setdefault(tenant, {})[service] = path
    return found


def _captures(declared: Declared) -> dict[str, tuple[int, float]]:
    """Payment → how often the provider took its money, and when last."""
    path = declared.loaded.root / "var" / "sandbox-provider.sqlite3"
    query = (
        "SELECT payment, count(*), max(effective_at) FROM acts "
        "WHERE action = 'capture' AND outcome = 'succeeded' GROUP BY payment"
    )
    with closing(sqlite3.connect(path)) as connection:
        return {payment: (count, at) for payment, count, at in connection.execute(query)}
