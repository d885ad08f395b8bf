"""What may be declared, and that the operators' page says so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from colonnade_notification.config import (
    NotificationConfig,
    TenantNotificationConfig,
    undeclared,
)

PAGE = (Path(__file__).parents[3] / "docs/operators/notifications.md").read_text("utf-8")


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_the_page_has_a_row_for_every_key_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted([*keys(NotificationConfig), *keys(TenantNotificationConfig)])


@pytest.mark.parametrize(
    ("kind", "model"), [("platform", NotificationConfig), ("tenant", TenantNotificationConfig)]
)
def test_what_the_page_shows_can_be_declared(kind: str, model: type[BaseModel]) -> None:
    for block in re.findall(rf"^```yaml {kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        model.model_validate(yaml.safe_load(block)["services"]["notification"]["config"])


def test_production_must_say_where_mail_goes_and_who_it_is_from() -> None:
    assert undeclared(NotificationConfig()) == ["mail.url", "mail.sender", "public_url, with https"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail": {"url": "http://mail.example"}},
        {"mail": {"url": "smtp://ada:secret@mail.example"}},
        {"mail": {"url": "smtp://"}},
        {"mail": {"url": "file://host/mail"}},
        {"mail": {"sender": "no reply@academy.example"}},
        {"mail": {"sender": "a@b.example\nBcc: all@b.example"}},
        {"mail": {"timeout": "2m"}},
        {"public_url": "javascript:alert(1)"},
        {"push": {"contact": "the webmaster"}},
        {"retry": {"first": "1d", "longest": "1h"}},
        {"retry": {"atempts": 3}},
        {"kept": "1d"},
        {"unsubscribe_links": "29d"},
        {"public_url": "https://academy.example/" + "x" * 500},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NotificationConfig.model_validate(wrong)
