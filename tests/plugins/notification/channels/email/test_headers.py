"""Headers of mail, octet by octet: read by hand, since readers differ and writers did."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_servers import Mailbox as Server
from mail_servers import mail_server
from notification_bench import NotificationBench
from raw_mail import fields_of, mailboxes_of, text_of

from colonnade.identifiers import new_id
from colonnade_notification.addressing.mailboxes import mailbox
from colonnade_notification.api import Category, OutgoingMessage, Recipient
from colonnade_notification.channels.email.headers import ascii_url, plain_field
from colonnade_notification.channels.email.message import mail_of
from colonnade_notification.config import NotificationConfig
from colonnade_notification.wording.lines import one_line

COUNTESS = (
    "Countess of Lovelace, eve@evil.example, Ada Augusta King Noel Byron Gordon of Horsley "
    "Towers and Ockham Park, Surrey"
)
NAMES = [
    "Ada",
    "Ada Lovelace",
    COUNTESS,
    'Ada "the Countess" Lovelace',
    'Ada \\" <eve@evil.example>, Bob',
    "Ada; Bob: <eve@evil.example>",
    "Ada (the Countess) Lovelace.",
    "=?utf-8?q?Eve=2C?= <eve@evil.example>",
    "Ada =?utf-8?q?x",
    "Łukasz, eve@evil.example",
    "ä" * 200,
    "ä, " * 66,
    "李" * 200,
    "👩\u200d👩\u200d👧\u200d👦" * 25,
    "a" * 200,
    '"' * 200,
    "\\" * 200,
    "A, " * 66 + "B",
    "می\u200cخواهم",
]
TEXT = st.text(
    st.one_of(
        st.sampled_from('\r\n\0\x0b\x1c\x85\u2028\t:<>"@,;=?\\._ '),
        st.characters(codec="utf-8"),
    ),
    max_size=200,
)
URL = "https://academy.example/api/v1/notifications/unsubscribe/" + "aB3-_" * 20


def message(name: str = "Ada", subject: str = "Welcome", url: str = URL) -> OutgoingMessage:
    identifier = new_id()
    return OutgoingMessage(
        id=identifier,
        message_id=f"<{identifier}@acme.example>",
        kind="welcome",
        category=Category.ACCOUNT,
        recipient=Recipient(new_id(), name, "ada@people.example", "en", "UTC"),
        subject=subject,
        text="Hello\n",
        html="<p>Hello</p>",
        link="",
        unsubscribe_url=url,
        attempt=1,
    )


def written(
    name: str = "Ada",
    subject: str = "Welcome",
    email: str = "ada@people.example",
    url: str = URL,
) -> bytes:
    sender = mailbox("no-reply@acme.example", name)
    mail = mail_of(
        message(name, subject, url),
        mailbox(email, name),
        sender,
        "help@acme.example",
        datetime.now(UTC),
    )
    return mail.content


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_one_name_of_one_address(name: str) -> None:
    fields = fields_of(written(name))
    assert mailboxes_of(fields["To"]) == [(one_line(name), "ada@people.example")]
    assert mailboxes_of(fields["From"]) == [(one_line(name), "no-reply@acme.example")]


@given(TEXT, TEXT)
def test_no_name_and_no_subject_changes_a_mail_beyond_itself(name: str, subject: str) -> None:
    fields = fields_of(written(name, subject))
    assert list(fields) == [
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"),
    ]
    assert mailboxes_of(fields["To"]) == [(one_line(name), "ada@people.example")]
    assert text_of(fields["Subject"]) == one_line(subject)


@pytest.mark.parametrize(
    "subject",
    ["Welcome", "Größe, Maß & mehr", "w" * 300, "word " * 60, "李" * 300, "=?utf-8?q?no?=", ""],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    fields = fields_of(written(subject=subject))
    assert text_of(fields["Subject"]) == subject.strip()


def test_a_way_out_stands_there_as_it_is() -> None:
    raw = written()
    assert f"\r\nList-Unsubscribe: <{URL}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize("length", [20, 78, 500, 900])
def test_a_way_out_of_any_length_is_one_line(length: int) -> None:
    url = "https://academy.example/" + "u" * length
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in written(url=url)


def test_an_address_of_the_web_is_written_in_ascii() -> None:
    assert ascii_url("https://straße.example:8443/ä b/<x>?q=ü") == (
        "https://xn--strae-oqa.example:8443/%C3%A4%20b/%3Cx%3E?q=%C3%BC"
    )
    assert ascii_url("https://a.example/%C3%A4") == "https://a.example/%C3%A4"


def test_what_machines_read_is_refused_rather_than_folded() -> None:
    for value in ("x" * 999, "Å", "a\r\nBcc: eve@evil.example"):
        with pytest.raises(ValueError, match="one line"):
            plain_field("Message-ID", value)


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("ada.o'neil+x@people.example", "ada.o'neil+x@people.example"),
        ("weiß@STRASSE.example", "weiß@STRASSE.example"),
        ("νίκος@MÜNCHEN.example", "νίκος@xn--mnchen-3ya.example"),
        ("a,b@people.example", '"a,b"@people.example'),
        ("a..b@people.example", '"a..b"@people.example'),
    ],
)
def test_an_address_is_written_as_it_was_given(email: str, shown: str) -> None:
    fields = fields_of(written("Ada, Bob", email=email))
    assert mailboxes_of(fields["To"]) == [("Ada, Bob", shown)]


@pytest.mark.parametrize("email", ["", "ada", "@x.example", "a@", "a@b c", "a@b\r\n", "a\r\n@b"])
def test_an_address_that_no_header_can_hold_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        mailbox(email, "Ada")


async def test_a_server_gets_the_octets_that_were_written() -> None:
    async with mail_server(Server()) as server:
        config = {"mail": {"url": server.url}, "public_url": "https://{tenant}.academy.example"}
        own = {"sender_name": 'Åcademy "of, many" things', "sender": "hello@acme.example"}
        async with NotificationBench(config, tenant_config=own) as bench:
            await bench.welcome(bench.account(COUNTESS, "weiß@people.example"))
            await server.takes(1)
    [raw] = server.raw
    fields = fields_of(raw)
    assert mailboxes_of(fields["To"]) == [(COUNTESS, "weiß@people.example")]
    assert mailboxes_of(fields["From"]) == [('Åcademy "of, many" things', "hello@acme.example")]
    way_out = fields["List-Unsubscribe"]
    assert way_out.startswith("<https://acme.academy.example/api/v1/notifications/unsubscribe/")
    assert way_out.endswith(">")
    assert f"\r\nList-Unsubscribe: {way_out}\r\n".encode() in raw
    assert raw.partition(b"\r\n\r\n")[2].isascii()


@pytest.mark.parametrize(
    "sender", ["hello@acme..example", ".hello@acme.example", "a@b@c", "x" * 250 + "@acme.example"]
)
def test_a_sender_that_no_server_takes_is_no_configuration(sender: str) -> None:
    with pytest.raises(ValueError, match="sender"):
        NotificationConfig.model_validate({"mail": {"sender": sender}})
