"""The yardstick Y: processor time of a hundred prebuilt selects of one row of eight columns.

A ratio to it is the same on a fast machine and on a slow one, which a number of milliseconds is
not. SQLAlchemy's `Connection.execute` is measured, on SQLite in memory: no disk, no ORM.
"""

import statistics
import time

from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, insert, select

from benchmarks.registry import Figure, at_most

SELECTS = 100
ROUNDS = 15


def yardstick() -> float:
    """Seconds of processor time; the median of several rounds."""
    names = [f"column_{number}" for number in range(7)]
    table = Table(
        "rows",
        MetaData(),
        Column("id", Integer, primary_key=True),
        *(Column(name, Text) for name in names),
    )
    statement = select(table).where(table.c.id == 1)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        table.metadata.create_all(connection)
        connection.execute(insert(table), dict.fromkeys(names, "some text") | {"id": 1})
        rounds = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(SELECTS):
                connection.execute(statement).one()
            rounds.append(time.process_time() - started)
    engine.dispose()
    return statistics.median(rounds)


def at_most_yardsticks(what: str, asked: float, seconds: float, detail: str = "") -> Figure:
    """A time that may be so many Y, which are measured now, beside it."""
    y = yardstick()
    beside = f"{seconds * 1e3:.3g} ms, Y {y * 1e3:.2f} ms"
    return at_most(what, asked, seconds / y, "Y", f"{beside}; {detail}" if detail else beside)
