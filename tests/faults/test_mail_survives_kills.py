"""A process that is killed between an event and the note that its mail was taken.

The mail server is a process of its own that keeps what it takes, so no crash can erase a witness.
"""

import asyncio
import mailbox
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins/notification/support"))

from notification_bench import NotificationBench

from colonnade_notification.delivery.steps import SENT
from colonnade_notification.models import NotificationRow

pytestmark = pytest.mark.faults

KILLED = -9
LIMIT = 20.0
EVENT = UUID("01890000-0000-7000-8000-000000000002")
ADA = UUID("01890000-0000-7000-8000-000000000003")
BEFORE = ("delivery.reacted", "delivery.handled", "saga.begun", "store.flushed", "store.committed")
AFTER = (SENT, "saga.acted", "saga.recorded")

Child = Callable[[Callable[[], None], str], int]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Where the server keeps what it took."""
    return tmp_path / "letters"


@pytest.fixture
def server(letters: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(letters)]
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", *handler]
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + LIMIT
        while not _answers(port):
            assert time.monotonic() < until, "the mail server did not start"
            time.sleep(0.05)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(LIMIT)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def live(folder: Path, server: str) -> Callable[[], None]:
    """A process that gets the event, once more, and ends when the mail is noted as sent."""

    async def main() -> None:
        bench = NotificationBench({"mail": {"url": server}}, folder=folder)
        bench.account(user_id=ADA)
        async with bench:
            await bench.welcome(ADA, EVENT)
            await bench.becomes("sent")

    return lambda: asyncio.run(main())


async def rows(folder: Path) -> list[NotificationRow]:
    async with NotificationBench(folder=folder) as bench:
        return await bench.rows()


@pytest.mark.parametrize("point", [*BEFORE, *AFTER])
def test_a_mail_is_never_lost_and_at_most_repeated_under_the_same_message_id(
    tmp_path: Path, letters: Path, server: str, child: Child, point: str
) -> None:
    folder = tmp_path / "platform"
    folder.mkdir()
    # Else the first commit may be that of the upgrade of an empty store.
    assert asyncio.run(rows(folder)) == []
    for count in (1, 2):
        code = child(live(folder, server), f"{point}:{count}")
        assert code in (KILLED, 0)
        assert code == KILLED or count > 1, f"{point} was never reached"
    assert child(live(folder, server), "") == 0
    found = asyncio.run(rows(folder))
    assert sorted((row.channel, row.status) for row in found) == [
        ("email", "sent"),
        ("in_app", "sent"),
    ]
    [mail] = [row for row in found if row.channel == "email"]
    taken = [letter["Message-ID"] for letter in mailbox.Maildir(letters)]
    assert set(taken) == {mail.message_id}
    assert len(taken) == 1 if point in BEFORE[:2] else len(taken) <= 3
