"""Errors of the content service, by stable codes."""

from colonnade.errors import Conflict, UnsupportedMediaType


class FileInUse(Conflict):
    """A content item or a media item uses the file; `details` says which."""

    code = "content.file_in_use"
    title = "The file is in use"


class ContentInUse(Conflict):
    """Lessons show the content item; `details.lessons` says how many."""

    code = "content.in_use"
    title = "The content is in use"


class TooManyShares(Conflict):
    """The content item is shared with as many people as it may be."""

    code = "content.too_many_shares"
    title = "It is shared with too many people"


class DuplicateExternalId(Conflict):
    """Another content item or file has this external id; `details.id` says which."""

    code = "content.duplicate_external_id"
    title = "The external id is taken"


class MediaNotReady(Conflict):
    """The media item is being processed, or could not be; `details.state` says which."""

    code = "content.media_not_ready"
    title = "The media item is not ready"


class FileTypeMismatch(UnsupportedMediaType):
    """The bytes of the file are of another type than its sender says."""

    code = "content.file_type_mismatch"
    title = "The file is of another type than it says"


class NoVariants(UnsupportedMediaType):
    """Files of this type have no variants."""

    code = "content.no_variants"
    title = "No variants can be made of this file"
