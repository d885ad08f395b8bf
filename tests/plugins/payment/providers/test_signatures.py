"""Signed webhooks."""

from datetime import UTC, datetime, timedelta

import pytest

from colonnade_payment.api import WebhookSignature
from colonnade_payment.providers.signatures import signature_of, verify_signature

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "a secret that only two know"
BODY = b'{"type":"capture"}'


def headers(**changes: str) -> dict[str, str]:
    timestamp = int(NOW.timestamp())
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_of(SECRET, "evt_1", timestamp, BODY),
        **changes,
    }


def verify(given: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> None:
    verify_signature(SECRET, given, body, now, tolerance=300)


def test_a_signature_over_these_very_bytes_is_accepted() -> None:
    verify(headers())


def test_one_fitting_signature_of_several_suffices() -> None:
    good = headers()["webhook-signature"]
    verify(headers(**{"webhook-signature": f"v1,AAAA v2,BBBB {good}"}))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_one_outside_the_tolerance_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookSignature, match="too old"):
        verify(headers(), now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "evt_2"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 256},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "-5"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,\udcff"},
        {"webhook-signature": "ü"},
    ],
)
def test_anything_else_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(WebhookSignature):
        verify(headers(**changes))


def test_another_body_is_refused() -> None:
    with pytest.raises(WebhookSignature):
        verify(headers(), BODY + b" ")
