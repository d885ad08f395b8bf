"""Mail servers that do not do their work: what operators see of it, and when it is over."""

from pathlib import Path
from typing import Any

import pytest
from mail_servers import Mailbox, mail_server, silent_server
from notification_house import House

from colonnade.faults import Fault


def house_with(folder: Path, mailbox: Mailbox, **mail: Any) -> House:
    return House(folder, {"mail": {"url": mailbox.url, "timeout": "1s", **mail}})


async def refused(house: House, status: str = "failed", name: str = "Ada") -> list[Fault]:
    await house.welcome(house.person(name))
    await house.becomes(status)
    return house.faults.all()


async def test_a_server_that_is_not_there_is_seen_until_it_is(tmp_path: Path) -> None:
    async with mail_server(Mailbox()) as mailbox:
        pass
    async with house_with(tmp_path, mailbox).running() as house:
        [fault] = await refused(house)
        assert (fault.source, fault.kind, fault.tenant) == ("notification", "mail_server", "")
        assert fault.sentence.startswith("The mail server 127.0.0.1 cannot be reached: ")
        assert "on port" in fault.sentence
        assert "services.notification.config.mail.url" in fault.mend


async def test_a_server_that_says_nothing_is_seen(tmp_path: Path) -> None:
    async with silent_server() as mailbox, house_with(tmp_path, mailbox).running() as house:
        [fault] = await refused(house)
        assert fault.sentence == "The mail server 127.0.0.1 did not answer in time."


async def test_a_server_that_does_not_sign_us_in_is_seen_and_forgotten_when_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        house_with(tmp_path, mailbox, **credentials).running() as house,
    ):
        [fault] = await refused(house)
        assert fault.sentence.startswith("The mail server 127.0.0.1 refused to sign us in: 535")
        assert "username and password" in fault.mend
        assert "swordfish" not in fault.sentence + fault.mend
        allowed = True
        assert await refused(house, "sent", "Bob") == []


async def test_a_server_that_carries_no_mail_from_here_condemns_no_address(tmp_path: Path) -> None:
    relay = Mailbox(rcpt=lambda address: "554 5.7.1 <ada@people.example>: Relay access denied")
    async with mail_server(relay) as mailbox, house_with(tmp_path, mailbox).running() as house:
        [fault] = await refused(house)
        assert fault.kind == "mail_server"
        assert fault.sentence == (
            "The mail server 127.0.0.1 refused to carry mail: "
            "554 5.7.1 <address>: Relay access denied."
        )
        [row] = await house.becomes("failed")
        assert row.attempts == 4, "it was tried again: the address is not wrong"
        mailbox.rcpt = lambda address: None
        assert await refused(house, "sent") == []


async def test_a_sender_that_a_server_refuses_is_its_academys_fault(tmp_path: Path) -> None:
    strict = Mailbox(mail=lambda address: "550 5.7.1 Sender not owned by user")
    async with mail_server(strict) as mailbox, house_with(tmp_path, mailbox).running() as house:
        [fault] = await refused(house)
        assert (fault.kind, fault.tenant) == ("mail_sender", "acme")
        mailbox.mail = lambda address: None
        assert await refused(house, "sent", "Bob") == []


async def test_one_message_that_is_not_wanted_is_no_fault_but_three_in_a_row_are(
    tmp_path: Path,
) -> None:
    picky = Mailbox(data=lambda envelope: "554 5.7.1 Your account is suspended")
    async with mail_server(picky) as mailbox, house_with(tmp_path, mailbox).running() as house:
        assert await refused(house) == []
        for number in (2, 3):
            await house.welcome(house.person(f"p{number}"))
            await house.becomes("failed", count=number)
        [fault] = house.faults.all()
        assert fault.sentence.endswith("554 5.7.1 Your account is suspended.")
        mailbox.data = lambda envelope: None
        assert await refused(house, "sent", "Bob") == []


async def test_an_address_that_is_wrong_is_no_fault(tmp_path: Path) -> None:
    unknown = Mailbox(rcpt=lambda address: "550 5.1.1 No such user")
    async with mail_server(unknown) as mailbox, house_with(tmp_path, mailbox).running() as house:
        assert await refused(house) == []


async def test_an_address_that_a_server_cannot_write_to_fails_for_itself(tmp_path: Path) -> None:
    async with (
        mail_server(Mailbox(), smtputf8=False) as mailbox,
        house_with(tmp_path, mailbox).running() as house,
    ):
        await house.welcome(house.person("Weiß", "weiß@people.example"))
        [row] = await house.becomes("failed")
        assert row.attempts == 1
        assert row.problem == (
            "The mail server 127.0.0.1 takes no addresses with letters beyond ASCII before the @ "
            "(it does not speak SMTPUTF8)."
        )
        assert await refused(house, "sent") == []


async def test_a_folder_in_which_nothing_can_be_written_is_seen(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/mail").write_text("a file, where a folder should be")
    async with House(tmp_path).running() as house:
        [fault] = await refused(house)
        assert (fault.kind, fault.tenant) == ("mail_folder", "acme")
        assert str(tmp_path) in fault.sentence
        [row] = await house.becomes("failed")
        assert row.problem == "The folder of mails cannot be written."
        (tmp_path / "var/mail").unlink()
        assert await refused(house, "sent", "Bob") == []
