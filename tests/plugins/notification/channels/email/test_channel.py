"""Mail: against real SMTP servers on loopback, and as files."""

import asyncio
import email
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from mail_servers import Mailbox, mail_server, silent_server
from notification_bench import NotificationBench

from colonnade.errors import ConfigurationError
from colonnade_notification.api import (
    DeleteSuppression,
    ListSuppressions,
    RetryDelivery,
)


@asynccontextmanager
async def bench_with(
    mailbox: Mailbox, tenant_config: Any = None, **mail: Any
) -> AsyncIterator[NotificationBench]:
    config = {"mail": {"url": mailbox.url, "timeout": "1s", **mail}}
    async with NotificationBench(config, tenant_config=tenant_config) as bench:
        yield bench


async def test_a_mail_arrives_whole() -> None:
    own = {"sender": "hello@acme.example", "reply_to": "help@acme.example", "footer": "Acme Ltd"}
    async with mail_server(Mailbox()) as mailbox, bench_with(mailbox, own) as bench:
        ada = bench.account("Ada Lövelace", "ada@people.example")
        await bench.welcome(ada)
        [letter] = await mailbox.takes(1)
        [row] = await bench.becomes("sent")
    assert mailbox.recipients == ["ada@people.example"]
    assert letter["To"] == "Ada Lövelace <ada@people.example>"
    assert letter["From"] == "Acme Academy <hello@acme.example>"
    assert letter["Reply-To"] == "help@acme.example"
    assert letter["Message-ID"] == row.message_id == f"<{row.id}@acme.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = letter.iter_parts()
    assert "Acme Ltd" in text.get_content()
    assert "Hello Ada Lövelace" in html.get_content()


async def test_a_domain_in_letters_of_the_world_is_written_for_every_server() -> None:
    refuse = Mailbox(rcpt=lambda address: "550 5.1.1 No such user")
    async with (
        mail_server(refuse, smtputf8=False) as mailbox,
        bench_with(mailbox) as bench,
    ):
        ada = bench.account("Ada", "ada@straße.example")
        await bench.welcome(ada)
        await bench.becomes("failed")
        await bench.welcome(ada)
        await bench.becomes("suppressed")
        mailbox.rcpt = lambda address: None
        await bench.welcome(bench.account("Bob", "bob@straße.example"))
        [letter] = await mailbox.takes(1)
    assert mailbox.recipients[-1] == "bob@xn--strae-oqa.example"
    assert letter["To"] == "Bob <bob@xn--strae-oqa.example>"


async def test_a_name_in_letters_of_the_world_is_reached_by_a_server_that_can() -> None:
    async with mail_server(Mailbox()) as mailbox, bench_with(mailbox) as bench:
        await bench.welcome(bench.account("Øyvind", "øyvind@people.example"))
        await mailbox.takes(1)
    assert mailbox.recipients == ["øyvind@people.example"]
    async with (
        mail_server(Mailbox(), smtputf8=False) as mailbox,
        bench_with(mailbox) as bench,
    ):
        await bench.welcome(bench.account("Øyvind", "øyvind@people.example"))
        [row] = await bench.becomes("failed")
    assert "SMTPUTF8" in row.problem


async def test_greylisting_is_waited_out_under_the_same_message_id() -> None:
    seen: list[str] = []

    def greylist(address: str) -> str | None:
        seen.append(address)
        return "451 4.7.1 Greylisted, try again later" if len(seen) < 3 else None

    async with (
        mail_server(Mailbox(rcpt=greylist)) as mailbox,
        bench_with(mailbox) as bench,
    ):
        await bench.welcome(bench.account())
        [row] = await bench.becomes("sent")
        assert (row.attempts, row.problem) == (3, None)
    assert [letter["Message-ID"] for letter in mailbox.taken] == [row.message_id]


async def test_a_server_that_refuses_an_address_for_good_gets_no_more_mail_for_it() -> None:
    refuse = Mailbox(rcpt=lambda address: "550 5.1.1 <ada@people.example>: No such user")
    async with mail_server(refuse) as mailbox, bench_with(mailbox) as bench:
        ada, owner = bench.account(), bench.owner()
        await bench.welcome(ada)
        [row] = await bench.becomes("failed")
        assert row.problem == "The mail server answered 550 5.1.1 <address>: No such user."
        await bench.welcome(ada)
        [later] = await bench.becomes("suppressed")
        assert mailbox.asked == 1
        page = await bench.ask_as(owner, ListSuppressions())
        [suppression] = page.items
        assert suppression.address == "ada@people.example"
        mailbox.rcpt = lambda address: None
        await bench.ask_as(owner, DeleteSuppression(suppression_id=suppression.id))
        await bench.ask_as(owner, RetryDelivery(delivery_id=later.id))
        assert [letter["Message-ID"] for letter in await mailbox.takes(1)] == [later.message_id]


async def test_a_server_that_refuses_the_message_does_not_condemn_the_address() -> None:
    refuse = Mailbox(data=lambda envelope: "554 5.7.1 We do not like it")
    async with mail_server(refuse) as mailbox, bench_with(mailbox) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("failed")
        assert row.problem == "The mail server 127.0.0.1 answered 554 5.7.1 We do not like it."
        assert (await bench.ask_as(bench.owner(), ListSuppressions())).items == []


async def test_a_server_that_hangs_holds_up_nobody_and_is_given_up_on() -> None:
    async with silent_server() as mailbox, bench_with(mailbox) as bench:
        began = time.monotonic()
        people = [bench.account(f"p{number}") for number in range(6)]
        for one in people:
            await bench.welcome(one)
        assert len(await bench.rows("in_app")) == 6
        failed = await bench.becomes("failed", count=6)
        assert {row.attempts for row in failed} == {4}
        assert time.monotonic() - began < 15
        assert mailbox.asked < 24, "a server that is silent is asked less and less"
        problems = {row.problem for row in failed}
    assert problems <= {
        "The mail server 127.0.0.1 did not answer in time.",
        "The mail server 127.0.0.1 has not answered lately.",
    }


async def test_a_server_that_hangs_after_the_message_may_get_it_again_but_never_another() -> None:
    hangs = True

    class Hanging(Mailbox):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            nonlocal hangs
            answer = await super().handle_DATA(server, session, envelope)
            if hangs:
                hangs = False
                await asyncio.sleep(3)
            return answer

    async with mail_server(Hanging()) as mailbox, bench_with(mailbox) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("sent")
        letters = [letter["Message-ID"] for letter in mailbox.taken]
    assert letters == [row.message_id] * 2


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with mail_server(Mailbox()) as mailbox:
        pass
    async with bench_with(mailbox) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("failed")
        # Administrators of the academy read it: no port, no words of a library.
        assert row.problem == "The mail server 127.0.0.1 cannot be reached."


async def test_a_server_that_wants_starttls_gets_it_and_credentials_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("SMTP_PASSWORD", "swordfish")
    signed_in: list[tuple[bytes, bytes]] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"swordfish")

    options = {"tls_context": context, "require_starttls": True, "authenticator": authenticate}
    async with mail_server(Mailbox(), auth_required=True, **options) as mailbox:
        mailbox.url = mailbox.url.replace("smtp://127.0.0.1", "smtp+starttls://localhost")
        credentials = {"username": "colonnade", "password": {"secret": "env:SMTP_PASSWORD"}}
        async with bench_with(mailbox, **credentials) as bench:
            await bench.welcome(bench.account())
            await bench.becomes("sent")
    assert signed_in == [(b"colonnade", b"swordfish")]


async def test_a_certificate_that_nobody_vouches_for_is_no_server(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    async with mail_server(Mailbox(), tls_context=context, require_starttls=True) as mailbox:
        mailbox.url = mailbox.url.replace("smtp://127.0.0.1", "smtp+starttls://localhost")
        async with bench_with(mailbox) as bench:
            await bench.welcome(bench.account())
            await bench.becomes("failed")
    assert mailbox.taken == []


async def test_credentials_do_not_travel_in_the_open() -> None:
    mail = {
        "url": "smtp://mail.example",
        "username": "colonnade",
        "password": {"secret": "env:SMTP_PASSWORD"},
    }
    with pytest.raises(ConfigurationError, match="unencrypted"):
        async with NotificationBench({"mail": mail}):
            pass


async def test_files_are_whole_and_the_same_again(bench: NotificationBench) -> None:
    await bench.welcome(bench.account())
    [row] = await bench.becomes("sent")
    path = bench.mail(row.id)
    assert list(path.parent.iterdir()) == [path]
    letter = email.message_from_bytes(path.read_bytes(), policy=default)
    assert letter["Message-ID"] == row.message_id
