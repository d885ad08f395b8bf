"""Commits of other processes to a file, told from SQLite's `data_version`.

SQLite changes the `data_version` of a connection with every commit of any *other* connection
(https://sqlite.org/pragma.html#pragma_data_version). The connection that reads therefore sees every
commit, and the one that writes only those of other processes.
"""

import itertools
from dataclasses import dataclass

from sqlalchemy import Connection

Version = tuple[int, int]
"""The connection, by a number of its own, and its `data_version`."""

_numbers = itertools.count(1)


def new_number() -> int:
    """A number for a connection, unlike any other in this process."""
    return next(_numbers)


def data_version(connection: Connection) -> int:
    """The `data_version` of a connection that nobody else uses at the moment."""
    driver = connection.connection.driver_connection
    assert driver is not None
    found: int = driver.execute("PRAGMA data_version").fetchone()[0]
    return found


@dataclass(slots=True)
class SeenVersions:
    """Versions that one use of a file saw last of its two connections."""

    reader: Version | None = None
    writer: Version | None = None
