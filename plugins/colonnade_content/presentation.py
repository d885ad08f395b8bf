"""Presentation of rows as messages of the contract."""

from collections.abc import Sequence

from colonnade.presentation import present
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


def present_content(row: ContentRow, html: str | None) -> Content:
    """Present a content item with its rendered text."""
    return present(Content, row, html=html)


def present_content_summary(row: ContentRow) -> ContentSummary:
    """Present a content item as in a list."""
    return present(ContentSummary, row)


def present_content_version(row: ContentRevisionRow) -> ContentVersion:
    """Present a revision of a content item."""
    return present(ContentVersion, row)


def present_file(row: FileRow) -> File:
    """Present a file."""
    return present(File, row)


def present_media(row: MediaRow, variants: Sequence[MediaVariantRow]) -> Media:
    """Present a picture with its variants."""
    return present(Media, row, variants=[present(MediaVariant, variant) for variant in variants])


def present_share(row: ShareRow) -> Share:
    """Present a share of a content item."""
    return present(Share, row)
