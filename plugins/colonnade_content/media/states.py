"""States of a picture, with the values that its table holds."""

from enum import StrEnum


class MediaState(StrEnum):
    """States of a picture on the way to its variants."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
