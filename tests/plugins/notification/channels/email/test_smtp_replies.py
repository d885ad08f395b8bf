"""Mail servers that do not do their work: what operators see of it, and when it is over."""

from pathlib import Path
from typing import Any

import pytest
from mail_servers import Mailbox, mail_server, silent_server
from notification_bench import NotificationBench

from colonnade.faults import Fault


def bench_with(mailbox: Mailbox, **mail: Any) -> NotificationBench:
    return NotificationBench({"mail": {"url": mailbox.url, "timeout": "1s", **mail}})


async def refused(
    bench: NotificationBench, status: str = "failed", name: str = "Ada"
) -> list[Fault]:
    await bench.welcome(bench.account(name))
    await bench.becomes(status)
    return bench.faults()


async def test_a_server_that_is_not_there_is_seen_until_it_is() -> None:
    async with mail_server(Mailbox()) as mailbox:
        pass
    async with bench_with(mailbox) as bench:
        [fault] = await refused(bench)
        assert (fault.source, fault.kind, fault.tenant) == ("notification", "mail_server", "")
        assert fault.sentence.startswith("The mail server 127.0.0.1 cannot be reached: ")
        assert "on port" in fault.sentence
        assert "services.notification.config.mail.url" in fault.mend


async def test_a_server_that_says_nothing_is_seen() -> None:
    async with silent_server() as mailbox, bench_with(mailbox) as bench:
        [fault] = await refused(bench)
        assert fault.sentence == "The mail server 127.0.0.1 did not answer in time."


async def test_a_server_that_does_not_sign_us_in_is_seen_and_forgotten_when_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from aiosmtpd.smtp import AuthResult

    monkeypatch.setenv("SMTP_PASSWORD", "swordfish")
    allowed = False

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        return AuthResult(success=allowed, handled=False)

    options = {"auth_require_tls": False, "authenticator": authenticate}
    credentials = {"username": "colonnade", "password": {"secret": "env:SMTP_PASSWORD"}}
    async with (
        mail_server(Mailbox(), **options) as mailbox,
        bench_with(mailbox, **credentials) as bench,
    ):
        [fault] = await refused(bench)
        assert fault.sentence.startswith("The mail server 127.0.0.1 refused to sign us in: 535")
        assert "username and password" in fault.mend
        assert "swordfish" not in fault.sentence + fault.mend
        allowed = True
        assert await refused(bench, "sent", "Bob") == []


async def test_a_server_that_carries_no_mail_from_here_condemns_no_address() -> None:
    relay = Mailbox(rcpt=lambda address: "554 5.7.1 <ada@people.example>: Relay access denied")
    async with mail_server(relay) as mailbox, bench_with(mailbox) as bench:
        [fault] = await refused(bench)
        assert fault.kind == "mail_server"
        assert fault.sentence == (
            "The mail server 127.0.0.1 refused to carry mail: "
            "554 5.7.1 <address>: Relay access denied."
        )
        [row] = await bench.becomes("failed")
        assert row.attempts == 4, "it was tried again: the address is not wrong"
        mailbox.rcpt = lambda address: None
        assert await refused(bench, "sent") == []


async def test_a_sender_that_a_server_refuses_is_its_academys_fault() -> None:
    strict = Mailbox(mail=lambda address: "550 5.7.1 Sender not owned by user")
    async with mail_server(strict) as mailbox, bench_with(mailbox) as bench:
        [fault] = await refused(bench)
        assert (fault.kind, fault.tenant) == ("mail_sender", "acme")
        mailbox.mail = lambda address: None
        assert await refused(bench, "sent", "Bob") == []


async def test_one_message_that_is_not_wanted_is_no_fault_but_three_in_a_row_are() -> None:
    picky = Mailbox(data=lambda envelope: "554 5.7.1 Your account is suspended")
    async with mail_server(picky) as mailbox, bench_with(mailbox) as bench:
        assert await refused(bench) == []
        for number in (2, 3):
            await bench.welcome(bench.account(f"p{number}"))
            await bench.becomes("failed", count=number)
        [fault] = bench.faults()
        assert fault.sentence.endswith("554 5.7.1 Your account is suspended.")
        mailbox.data = lambda envelope: None
        assert await refused(bench, "sent", "Bob") == []


async def test_an_address_that_is_wrong_is_no_fault() -> None:
    unknown = Mailbox(rcpt=lambda address: "550 5.1.1 No such user")
    async with mail_server(unknown) as mailbox, bench_with(mailbox) as bench:
        assert await refused(bench) == []


async def test_an_address_that_a_server_cannot_write_to_fails_for_itself() -> None:
    async with (
        mail_server(Mailbox(), smtputf8=False) as mailbox,
        bench_with(mailbox) as bench,
    ):
        await bench.welcome(bench.account("Weiß", "weiß@people.example"))
        [row] = await bench.becomes("failed")
        assert row.attempts == 1
        assert row.problem == (
            "The mail server 127.0.0.1 takes no addresses with letters beyond ASCII before the @ "
            "(it does not speak SMTPUTF8)."
        )
        assert await refused(bench, "sent") == []


async def test_a_folder_in_which_nothing_can_be_written_is_seen(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/mail").write_text("a file, where a folder should be")
    async with NotificationBench(folder=tmp_path) as bench:
        [fault] = await refused(bench)
        assert (fault.kind, fault.tenant) == ("mail_folder", "acme")
        assert str(tmp_path) in fault.sentence
        [row] = await bench.becomes("failed")
        assert row.problem == "The folder of mails cannot be written."
        (tmp_path / "var/mail").unlink()
        assert await refused(bench, "sent", "Bob") == []
