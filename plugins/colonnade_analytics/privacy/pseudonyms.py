"""Pseudonyms: people as numbers, and how the link to an account is erased.

Everything counted names a person by a number. Deleting an account takes the user id out of one
row, and every count stays right. Until no event of theirs can still arrive, a keyed hash of the
user id recognises late ones; then the hash goes too, and the number is nobody's.
"""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import bindparam, select, update

from colonnade.rows import prepare
from colonnade.store import Session
from colonnade_analytics.calendar.instants import MICROSECONDS, microseconds_of
from colonnade_analytics.models import (
    ClientEventRow,
    PersonRow,
    PseudonymKeyRow,
    ReportRow,
    TeacherRow,
)

REMEMBERED_SECONDS = 31 * 86_400
"""Seconds that a pseudonym is kept: events older than 30 days are never delivered."""

ERASED = "erased"
"""Placeholder for the id of a deleted account."""

_BY_USER = prepare(select(PersonRow.id).where(PersonRow.user_id == bindparam("user_id")))
_BY_PSEUDONYM = prepare(select(PersonRow.id).where(PersonRow.pseudonym == bindparam("pseudonym")))


def person_number(session: Session, user_id: UUID) -> int:
    """The number of a person; a new one for a person never seen."""
    known = known_person(session, user_id)
    return known if known is not None else _add(session, PersonRow(user_id=user_id))


def known_person(session: Session, user_id: UUID) -> int | None:
    """The number of a person, if they have one."""
    found = session.scalar(_BY_USER, {"user_id": user_id})
    if found is not None:
        return found
    return session.scalar(_BY_PSEUDONYM, {"pseudonym": _pseudonym(session, user_id)})


def is_erased(session: Session, user_id: UUID) -> bool:
    """True when the account of this user is known to be deleted."""
    found = session.scalar(_BY_PSEUDONYM, {"pseudonym": _pseudonym(session, user_id)})
    return found is not None


def erase(session: Session, user_id: UUID) -> None:
    """Erase the link between a person and their number, and the properties of what they sent."""
    number = person_number(session, user_id)
    session.execute(
        update(PersonRow)
        .where(PersonRow.id == number)
        .values(
            user_id=None,
            pseudonym=_pseudonym(session, user_id),
            erased_us=microseconds_of(session.now),
        )
    )
    session.execute(
        update(ClientEventRow).where(ClientEventRow.person_id == number).values(properties="{}")
    )
    session.execute(
        update(ReportRow)
        .where(ReportRow.requested_by == str(user_id))
        .values(requested_by=ERASED, version=ReportRow.version + 1)
    )
    for row in session.scalars(select(TeacherRow).where(TeacherRow.user_id == user_id)):
        session.delete(row)


def delete_expired_pseudonyms(session: Session) -> None:
    """Delete the pseudonyms of people whose last event must have arrived by now."""
    before = microseconds_of(session.now) - REMEMBERED_SECONDS * MICROSECONDS
    session.execute(
        update(PersonRow)
        .where(PersonRow.pseudonym.is_not(None), PersonRow.erased_us < before)
        .values(pseudonym=None)
    )


def _add(session: Session, row: PersonRow) -> int:
    session.add(row)
    session.flush()
    return row.id


def _pseudonym(session: Session, user_id: UUID) -> str:
    row = session.get(PseudonymKeyRow, 1)
    if row is None:
        row = PseudonymKeyRow(id=1, key=secrets.token_bytes(32))
        session.add(row)
    return hashlib.blake2b(user_id.bytes, key=row.key, digest_size=32).hexdigest()
