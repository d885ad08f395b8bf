"""Presentation of rows as messages of the contract."""

from collections.abc import Sequence
from typing import TypeVar

from colonnade.messages import Message
from colonnade_content.api import (
    Content,
    ContentSummary,
    ContentVersion,
    File,
    Media,
    MediaVariant,
    Share,
)
from colonnade_content.models import (
    ContentRevisionRow,
    ContentRow,
    FileRow,
    MediaRow,
    MediaVariantRow,
    ShareRow,
)

MessageT = TypeVar("MessageT", bound=Message)


def _like(model: type[MessageT], row: object, **others: object) -> MessageT:
    values = {name: getattr(row, name) for name in model.model_fields if name not in others}
    return model.model_validate(values | others)


def content_of(row: ContentRow, html: str | None) -> Content:
    """Present a content item with its rendered text."""
    return _like(Content, row, html=html)


def content_summary_of(row: ContentRow) -> ContentSummary:
    """Present a content item as in a list."""
    return _like(ContentSummary, row)


def content_version_of(row: ContentRevisionRow) -> ContentVersion:
    """Present a revision of a content item."""
    return _like(ContentVersion, row)


def file_of(row: FileRow) -> File:
    """Present a file."""
    return _like(File, row)


def media_of(row: MediaRow, variants: Sequence[MediaVariantRow]) -> Media:
    """Present a picture with its variants."""
    return _like(Media, row, variants=[_like(MediaVariant, variant) for variant in variants])


def share_of(row: ShareRow) -> Share:
    """Present a share of a content item."""
    return _like(Share, row)
