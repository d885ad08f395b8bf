"""Counters in the store, inside a unit of work: attempts, and the waits they cause."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from colonnade.store import Session
from colonnade_user.models import CounterRow
from colonnade_user.throttling.allowances import Allowance
from colonnade_user.throttling.digests import digest, digest_key, existing_digest_key

EVICTED_AT_ONCE = 100
"""Counters evicted at a time when an academy has its maximum."""

PRUNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Counter:
    """Counter of attempts: its kind and its subject, which is stored as a digest only."""

    kind: str
    subject: tuple[str, ...]
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class Reading:
    """State of a counter: attempts that have not drained yet, and seconds still to wait."""

    level: float = 0.0
    wait: float = 0.0


def read_counters(session: Session, counters: Sequence[Counter]) -> Mapping[Counter, Reading]:
    """Read the state of each; one that was never raised is at zero."""
    key = existing_digest_key(session)
    if key is None or not counters:
        return dict.fromkeys(counters, Reading())
    # By key one after the other: three of these cost less than one statement with a list.
    rows = {counter: session.get(CounterRow, _digest(key, counter)) for counter in counters}
    return {
        counter: Reading() if row is None else _read(session, row, counter.allowance)
        for counter, row in rows.items()
    }


def raise_counters(session: Session, counters: Iterable[Counter], maximum_rows: int) -> None:
    """Count one more attempt of each."""
    key = digest_key(session)
    for counter in counters:
        name = _digest(key, counter)
        _raise(session, counter, name, session.get(CounterRow, name), maximum_rows)


def spend_counters(session: Session, counters: Sequence[Counter], maximum_rows: int) -> float:
    """Count one more attempt of each that none of them makes wait; answers the seconds to wait."""
    key = digest_key(session)
    found = [
        (counter, name, session.get(CounterRow, name))
        for counter in counters
        for name in (_digest(key, counter),)
    ]
    waits = (_read(session, row, each.allowance).wait for each, _, row in found if row is not None)
    longest = max(waits, default=0.0)
    if longest <= 0:
        for counter, name, row in found:
            _raise(session, counter, name, row, maximum_rows)
    return longest


def _raise(
    session: Session, counter: Counter, name: bytes, row: CounterRow | None, maximum_rows: int
) -> None:
    if row is None:
        _make_room(session, maximum_rows)
        row = CounterRow(digest=name, level=0.0, raised_at=session.now, forgotten_at=session.now)
        session.add(row)
    allowance = counter.allowance
    row.level = allowance.raised(_read(session, row, allowance).level)
    row.raised_at = session.now
    row.forgotten_at = session.now + timedelta(seconds=allowance.empty_after(row.level))
    session.flush()


def clear_counters(session: Session, counters: Iterable[Counter]) -> None:
    """Delete the counters."""
    key = existing_digest_key(session)
    names = [] if key is None else [_digest(key, counter) for counter in counters]
    if names:
        session.execute(delete(CounterRow).where(CounterRow.digest.in_(names)))


def prune_counters(session: Session) -> int:
    """Delete counters at zero, at most `PRUNED_AT_ONCE`; return their number."""
    empty = (
        select(CounterRow.digest)
        .where(CounterRow.forgotten_at <= session.now)
        .limit(PRUNED_AT_ONCE)
    )
    found = session.scalars(empty).all()
    session.execute(delete(CounterRow).where(CounterRow.digest.in_(found)))
    return len(found)


def _read(session: Session, row: CounterRow, allowance: Allowance) -> Reading:
    # After the clock was set back, a time ahead counts as now, and causes no wait.
    since = (session.now - row.raised_at).total_seconds()
    wait = allowance.wait(row.level) - since if since >= 0 else 0.0
    return Reading(allowance.drained(row.level, since), max(0.0, wait))


def _make_room(session: Session, maximum_rows: int) -> None:
    count = session.scalar(select(func.count()).select_from(CounterRow)) or 0
    if count < maximum_rows:
        return
    # Those nearest to zero are evicted first: a flood of new subjects leaves long waits in place.
    nearly_forgotten = (
        select(CounterRow.digest).order_by(CounterRow.forgotten_at).limit(EVICTED_AT_ONCE)
    )
    session.execute(
        delete(CounterRow)
        .where(CounterRow.digest.in_(session.scalars(nearly_forgotten).all()))
        .execution_options(synchronize_session="fetch")
    )


def _digest(key: bytes, counter: Counter) -> bytes:
    return digest(key, counter.kind, *counter.subject)
