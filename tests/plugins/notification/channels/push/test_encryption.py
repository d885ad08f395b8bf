"""Encryption of push messages: what browsers can be sent."""

from hypothesis import given
from hypothesis import strategies as st

from colonnade_notification.channels.push.encryption import payload_of


@given(st.text(max_size=300), st.text(max_size=9000), st.text(max_size=2500))
def test_every_message_fits_in_one_record(title: str, body: str, link: str) -> None:
    assert len(payload_of("0190a000-0000-7000-8000-000000000001", title, body, link)) <= 3993
