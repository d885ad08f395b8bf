"""Keys of the blobs in which bytes of files and variants are kept."""

from uuid import UUID

FILES = "files/"
"""Prefix of the keys of files: `files/<file>`."""

MEDIA = "media/"
"""Prefix of the keys of variants: `media/<picture>/<variant>`."""


def file_key(file_id: UUID) -> str:
    """Make the key of a file's bytes."""
    return f"{FILES}{file_id}"


def variants_prefix(media_id: UUID) -> str:
    """Make the prefix that the keys of a picture's variants share."""
    return f"{MEDIA}{media_id}/"


def variant_key(media_id: UUID, name: str) -> str:
    """Make the key of a variant's bytes."""
    return variants_prefix(media_id) + name


def owner_id(key: str) -> UUID:
    """Read the id of the file or picture that a key belongs to."""
    return UUID(key.split("/")[1])
