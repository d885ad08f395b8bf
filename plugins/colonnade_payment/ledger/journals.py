"""The ledger: double entry, append only.

An account's balance is the sum of its postings. Positive is what the account has: an instructor
what they are owed, the platform what it earned. The accounts of the world outside, `external:…`,
mirror what came in (negative) and went out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert

from colonnade.errors import InternalError
from colonnade.identifiers import new_id
from colonnade.rows import Prepared, prepare
from colonnade.store import Session
from colonnade_payment.api import JournalKind
from colonnade_payment.models import AccountRow, JournalRow, PostingRow

PLATFORM = "platform"
PAYOUTS = "payouts"
"""Payouts that were requested and have not left."""
BANK = "external:bank"

_INSERT_POSTING: Prepared[()] = prepare(insert(PostingRow))
_INSERT_JOURNAL: Prepared[()] = prepare(insert(JournalRow))


def provider_account(provider: str) -> str:
    """Name the account that a provider's customers pay from."""
    return f"external:{provider}"


def instructor_account(user_id: UUID) -> str:
    """Name the account of an instructor."""
    return f"instructor:{user_id}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal to be written."""

    account: str
    amount: int
    user_id: UUID | None = None


def book(
    session: Session,
    kind: JournalKind,
    reference: UUID,
    currency: str,
    entries: Sequence[Entry],
    *,
    payment_id: UUID | None = None,
) -> None:
    """Write a journal, once per `kind` and `reference`; lines of zero are left out.

    A journal in which no line is left is not written.

    Raises:
        InternalError: the entries do not sum to zero; nothing is kept.
    """
    if sum(entry.amount for entry in entries) != 0:
        raise InternalError(f"The journal {kind} of {reference} does not sum to zero.")
    lines = [entry for entry in entries if entry.amount != 0]
    if not lines:
        return
    for entry in lines:
        _open_account(session, entry, currency)
    # What the journal is about must be there before these statements.
    session.flush()
    journal_id = new_id()
    # The postings first: the journal's own row seals them.
    session.execute(
        _INSERT_POSTING,
        [
            {
                "journal_id": journal_id,
                "line": number,
                "account": entry.account,
                "currency": currency,
                "amount": entry.amount,
                "payment_id": payment_id,
                "created_at": session.now,
            }
            for number, entry in enumerate(lines)
        ],
    )
    journal = {
        "id": journal_id,
        "kind": kind,
        "reference": reference,
        "payment_id": payment_id,
        "created_at": session.now,
    }
    session.execute(_INSERT_JOURNAL, journal)


def _open_account(session: Session, entry: Entry, currency: str) -> None:
    if session.get(AccountRow, (entry.account, currency)) is None:
        session.add(AccountRow(name=entry.account, currency=currency, user_id=entry.user_id))
