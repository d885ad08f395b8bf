"""Presentation of rows as messages of the contract."""

from collections.abc import Sequence

from colonnade.presentation import Presentation, present
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


present_content_summary = Presentation[ContentRow, ContentSummary](ContentSummary)


present_content_version = Presentation[ContentRevisionRow, ContentVersion](ContentVersion)


present_file = Presentation[FileRow, File](File)


def present_media(row: MediaRow, variants: Sequence[MediaVariantRow]) -> Media:
    """Present a picture with its variants."""
    return present(Media, row, variants=[present(MediaVariant, variant) for variant in variants])


present_share = Presentation[ShareRow, Share](Share)
