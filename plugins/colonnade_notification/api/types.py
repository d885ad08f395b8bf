"""Types of values in the contract."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field


class Category(StrEnum):
    """Category of a message; preferences are by category."""

    SECURITY = "security"
    RECEIPTS = "receipts"
    ACCOUNT = "account"
    LEARNING = "learning"
    TEACHING = "teaching"

    @property
    def is_mandatory(self) -> bool:
        """True for categories that cannot be turned off on mandatory channels."""
        return self in (Category.SECURITY, Category.RECEIPTS)


class Mode(StrEnum):
    """Mode of a category on a channel: at once, in a digest, or not at all."""

    IMMEDIATELY = "immediately"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"

    @property
    def is_digest(self) -> bool:
        """True when messages are held for a digest."""
        return self in (Mode.DAILY, Mode.WEEKLY)


class DeliveryStatus(StrEnum):
    """Status of a message on one channel."""

    PENDING = "pending"
    """It will be sent, now or when it is due."""
    HELD = "held"
    """It waits for a digest."""
    SENT = "sent"
    SUPPRESSED = "suppressed"
    """Its address takes no more mail, or its recipient turned it off meanwhile."""
    FAILED = "failed"
    """It was given up: a dead letter that an administrator may send again."""


LOCALE_PATTERN = r"^([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?$"
_LOCALE = re.compile(LOCALE_PATTERN.strip("^$"))


def _locale(text: str) -> str:
    match = _LOCALE.fullmatch(text)
    if match is None:
        raise ValueError("is not a language such as en or de-AT")
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


LocaleTag = Annotated[
    str,
    Field(
        min_length=2,
        max_length=35,
        examples=["de-AT"],
        json_schema_extra={"pattern": LOCALE_PATTERN},
    ),
    AfterValidator(_locale),
]
"""A language with its script and region, where they matter (BCP 47, RFC 5646 §2.1)."""

ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

CategoryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
"""The name of a category that a plugin brings."""

Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""What a template is for, such as `enrollment_activated`."""

ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
"""A time on a clock, hours and minutes."""
