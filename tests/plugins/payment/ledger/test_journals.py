"""The ledger: balanced, append only, in the code and in the database itself."""

import pytest
from payment_academy import Academy, until
from sqlalchemy import delete, insert, select, text, update

from colonnade.errors import InternalError
from colonnade.identifiers import new_id
from colonnade.rows import ConstraintViolated
from colonnade.store import Session
from colonnade_payment.ledger.journals import Entry, book
from colonnade_payment.models import JournalRow, PostingRow

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_sale_is_divided_between_instructors_and_platform(academy: Academy) -> None:
    course = await academy.course(price=1000, teachers=3)
    payment = await academy.bought(course.id)
    [journal] = await academy.journals(payment)
    lines = {line.account: line.amount.amount for line in journal.postings}
    assert lines["external:sandbox"] == -1000
    assert lines["platform"] == 300
    parts = [lines[f"instructor:{teacher.id}"] for teacher in course.teachers]
    assert sorted(parts) == [233, 233, 234]
    assert sum(lines.values()) == 0


async def test_balances_are_the_sum_of_postings(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    await academy.refunded(payment, 1234)

    def sums(session: Session) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in session.scalars(select(PostingRow).where(PostingRow.currency == "EUR")):
            found[row.account] = found.get(row.account, 0) + row.amount
        return found

    async def agree() -> bool:
        balances = {name: item.balance.amount for name, item in (await academy.balances()).items()}
        return balances == await academy.read(sums)

    await until(agree)
    assert sum((await academy.read(sums)).values()) == 0


async def test_what_is_left_of_refunds_is_taken_back_exactly(academy: Academy) -> None:
    course = await academy.course(price=1001, teachers=2)
    payment = await academy.bought(course.id)
    for amount in (333, 1, 500, 167):
        await academy.refunded(payment, amount)
    assert [await academy.earned(teacher) for teacher in course.teachers] == [0, 0]


@pytest.mark.parametrize("model", [JournalRow, PostingRow])
async def test_the_database_refuses_to_change_or_remove(academy: Academy, model: type) -> None:
    await academy.bought((await academy.course()).id)
    for statement in (update(model).values(created_at=model.created_at), delete(model)):
        with pytest.raises(ConstraintViolated, match="append only"):
            await academy.write(lambda session, statement=statement: session.execute(statement))


async def test_the_database_refuses_replacing(academy: Academy) -> None:
    await academy.bought((await academy.course()).id)
    for table in ("journals", "postings"):
        replace = text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        with pytest.raises(ConstraintViolated):
            await academy.write(lambda session, replace=replace: session.execute(replace))


def posting(journal_id: object, line: int, amount: int, currency: str = "EUR") -> dict[str, object]:
    return {
        "journal_id": journal_id,
        "line": line,
        "account": "platform",
        "currency": currency,
        "amount": amount,
        "payment_id": None,
    }


def write_journal(session: Session, *lines: dict[str, object]) -> None:
    for line in lines:
        session.execute(insert(PostingRow).values(**line, created_at=session.now))
    identifier = lines[0]["journal_id"] if lines else new_id()
    session.execute(
        insert(JournalRow).values(
            id=identifier, kind="capture", reference=new_id(), created_at=session.now
        )
    )


async def test_the_database_refuses_a_journal_that_does_not_balance(academy: Academy) -> None:
    one, two, three = new_id(), new_id(), new_id()
    for lines in (
        [],
        [posting(one, 0, 5)],
        [posting(two, 0, 5), posting(two, 1, -4)],
        [posting(three, 0, 5), posting(three, 1, -5, "USD")],
    ):
        with pytest.raises(ConstraintViolated, match="does not balance"):
            await academy.write(lambda session, lines=lines: write_journal(session, *lines))


async def test_the_database_refuses_postings_without_or_after_their_journal(
    academy: Academy,
) -> None:
    alone, sealed = new_id(), new_id()
    with pytest.raises(ConstraintViolated, match="FOREIGN KEY"):
        await academy.write(
            lambda session: session.execute(
                insert(PostingRow).values(**posting(alone, 0, 5), created_at=session.now)
            )
        )

    def add_late(session: Session) -> None:
        write_journal(session, posting(sealed, 0, 5), posting(sealed, 1, -5))
        session.execute(insert(PostingRow).values(**posting(sealed, 2, 5), created_at=session.now))

    with pytest.raises(ConstraintViolated, match="sealed"):
        await academy.write(add_late)


async def test_the_code_refuses_entries_that_do_not_balance(academy: Academy) -> None:
    with pytest.raises(InternalError, match="zero"):
        await academy.write(
            lambda session: book(
                session, "capture", new_id(), "EUR", [Entry("a", 5), Entry("b", -4)]
            )
        )


async def test_a_thing_is_booked_once(academy: Academy) -> None:
    reference = new_id()
    entries = [Entry("platform", 1), Entry("external:bank", -1)]

    def work(session: Session) -> None:
        book(session, "payout_paid", reference, "EUR", entries)
        book(session, "payout_paid", reference, "EUR", entries)

    with pytest.raises(ConstraintViolated, match="append only"):
        await academy.write(work)
