"""Places in a declared text: those that nothing fills are refused with what was meant."""

import pytest
from pydantic import BaseModel, ValidationError

from colonnade.placeholders import check_placeholders
from colonnade_notification.config import MailConfig, PushConfig, TenantNotificationConfig
from colonnade_payment.config import SandboxConfig


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://{tenat}.example", "did you mean {tenant}?"),
        ("https://{}.example", "there is {tenant}"),
        ("https://{tenant}.{x}.example", "has {x}"),
        ("https://{tenant.example", "a brace without its other"),
        ("https://{{tenant}}.example", "a brace without its other"),
    ],
)
def test_what_nothing_fills_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("?", r"\?").replace("{", r"\{")):
        check_placeholders(text, "tenant")


def test_what_is_filled_is_not() -> None:
    for text in ("https://{tenant}.example", "https://academy.example", ""):
        assert check_placeholders(text, "tenant") == text


@pytest.mark.parametrize(
    ("model", "key", "text"),
    [
        (MailConfig, "sender", "no-reply@{tenat}.example"),
        (TenantNotificationConfig, "sender", "no-reply@{tenat}.example"),
        (PushConfig, "contact", "mailto:a@{tenat}.example"),
        (SandboxConfig, "webhook_url", "https://{tenat}.example/hook"),
    ],
)
def test_every_key_that_takes_a_tenant_says_so(model: type[BaseModel], key: str, text: str) -> None:
    with pytest.raises(ValidationError, match="did you mean"):
        model.model_validate({key: text})
    right = text.replace("tenat", "tenant")
    assert getattr(model.model_validate({key: right}), key) == right
