"""The parts of a mail, read by a library that had no hand in writing them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from colonnade.identifiers import new_id
from colonnade_notification.addressing.mailboxes import mailbox
from colonnade_notification.api import Category, OutgoingMessage, Recipient
from colonnade_notification.channels.email.message import mail_of

LINES = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=120),
        st.sampled_from([".", "..", "From me", "trailing ", "tab\t", "=3D", "x" * 998, "x" * 999]),
        st.text("é .=", min_size=70, max_size=90),
    ),
    max_size=8,
)


def parts(text: str, html: str) -> list[EmailMessage]:
    message = OutgoingMessage(
        id=new_id(),
        message_id="<1@acme.example>",
        kind="welcome",
        category=Category.ACCOUNT,
        recipient=Recipient(new_id(), "Ada", "ada@people.example", "en", "UTC"),
        subject="Welcome",
        text=text,
        html=html,
        link="",
        unsubscribe_url="",
        attempt=1,
    )
    sender, recipient = mailbox("office@acme.example", "Acme"), mailbox("ada@acme.example", "Ada")
    written = mail_of(message, recipient, sender, "", datetime(2026, 5, 4, tzinfo=UTC)).content
    assert max(len(line) for line in written.split(b"\r\n")) <= 998
    assert written.isascii()
    read = message_from_bytes(written, policy=default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    assert read.get_content_type() == "multipart/alternative"
    return [each for each in read.iter_parts() if isinstance(each, EmailMessage)]


@given(text=LINES, html=LINES)
def test_text_and_html_are_read_as_they_were_written(text: list[str], html: list[str]) -> None:
    plain, rich = parts("\n".join(text), "\n".join(html))
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, lines in ((plain, text), (rich, html)):
        assert not part.defects
        read = part.get_content().replace("\r\n", "\n")
        assert read.rstrip("\n") == "\n".join(lines).rstrip("\n")


def test_plain_letters_travel_as_they_are() -> None:
    plain, _ = parts("Dear Ada,\nwelcome.", "<p>Dear Ada</p>")
    assert plain["Content-Transfer-Encoding"] == "7bit"
