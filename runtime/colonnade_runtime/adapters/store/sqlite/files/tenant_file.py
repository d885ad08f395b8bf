"""One tenant's open file: a connection for reads on the loop, one for writes on a thread."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from colonnade_runtime.adapters.store.sqlite.files import connections
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    ReaderConnection,
    close_connection,
    open_inline_reader,
    open_writer,
)
from colonnade_runtime.adapters.store.sqlite.files.data_version import (
    SeenVersions,
    Version,
    data_version,
    new_number,
)
from colonnade_runtime.adapters.store.sqlite.write_queue import WriteQueue

WriteQueueOf = Callable[["TenantFile"], WriteQueue]
"""Makes the queue of a file's units of work."""


class TenantFile:
    """An open file. `users` counts who relies on it; it is closed only when nobody does.

    Takes three file descriptors for reading and two more from the first write on. `writes` makes
    the queue in which units of work wait for it.
    """

    def __init__(self, path: Path, tenant: str, label: str, writes: "WriteQueueOf") -> None:
        self.path = path
        self.tenant = tenant
        self.label = label
        self.writes = writes(self)
        self.users = 0
        self.unsure = False
        self._waits = 0
        self._reader: Connection | None = None
        self._writer: Connection | None = None
        self._reader_number = self._writer_number = 0
        self._seen: dict[str, SeenVersions] = {}

    def open(self) -> Connection:
        """Open it for reading, on a thread that may wait; call `hand_over` when it is ready."""
        self._reader = open_inline_reader(self.path, patient=True)
        self._reader_number = new_number()
        return self._reader

    def hand_over(self) -> None:
        """Leave the connection for reads to the loop's thread, which never waits."""
        if self._reader is not None:
            _driver(self._reader).hurry()

    def reader(self) -> Connection:
        """The connection for reads in the loop's thread, with its time starting now."""
        if self._reader is None:
            self._reader = open_inline_reader(self.path)
            self._reader_number = new_number()
        _driver(self._reader).start_reading()
        return self._reader

    def writer(self) -> Connection:
        """The connection for writes; only for the thread that has the file."""
        if self._writer is None:
            self._writer = open_writer(self.path)
            self._waits = connections.WRITER_WAIT_MILLISECONDS
            self._writer_number = new_number()
        return self._writer

    def wait_at_most(self, seconds: float) -> None:
        """Let the next write wait for another process this long, and no longer than usual.

        Only for the thread that has the file.
        """
        usual = connections.WRITER_WAIT_MILLISECONDS
        milliseconds = int(max(0.0, min(usual, seconds * 1_000)))
        connection = self.writer()
        if milliseconds != self._waits:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA busy_timeout={milliseconds}").close()
            self._waits = milliseconds

    def version(self) -> Version:
        """Changes when another process commits; only for the thread that has the file."""
        found = data_version(self.writer())
        return (self._writer_number, found)

    def user_version(self) -> int:
        """The number in the file's header, while it is being opened."""
        assert self._reader is not None
        return int(_driver(self._reader).execute("PRAGMA user_version").fetchone()[0])

    def stamp(self, user_version: int) -> None:
        """Write the number into the file's header, while it is being opened.

        Raises:
            sqlite3.Error: when the file cannot be written.
        """
        driver = self.writer().connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA user_version={user_version}").close()

    def changed_elsewhere(self, use: str) -> bool:
        """Tell whether another process may have committed since this was last asked for `use`.

        In the loop's thread; never waits. Everything is said to have changed the first time, and
        while a commit of this process is under way that hides what others do.
        """
        seen = self._seen.setdefault(use, SeenVersions())
        try:
            return self._changed_since(seen)
        except sqlite3.Error:
            self._seen[use] = SeenVersions()
            return True

    def _changed_since(self, seen: SeenVersions) -> bool:
        reader = data_version(self.reader())
        if seen.reader == (self._reader_number, reader):
            return False
        seen.reader = (self._reader_number, reader)
        if self._writer is None or self.writes.is_busy:
            return True
        # Asked after the other: a commit of ours alone leaves this one as it was.
        before, seen.writer = seen.writer, self.version()
        return before != seen.writer

    def interrupt(self) -> None:
        """End the statement that a write runs at the moment, from any thread."""
        writer = self._writer
        if writer is not None and (driver := writer.connection.driver_connection) is not None:
            driver.interrupt()

    def drop_reader(self) -> None:
        """Close the reader after an error that leaves it in doubt; the next use opens another."""
        reader, self._reader = self._reader, None
        if reader is not None:
            close_connection(reader)

    def drop_writer(self) -> None:
        """Close the writer after an error that leaves it in doubt; the next use opens another."""
        writer, self._writer = self._writer, None
        if writer is not None:
            close_connection(writer)

    def close(self) -> None:
        """Close both; blocking, since the last one out tidies the write-ahead log."""
        self.drop_reader()
        self.drop_writer()


def _driver(connection: Connection) -> ReaderConnection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, ReaderConnection)
    return driver
