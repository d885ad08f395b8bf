"""Files that operations answer with: their head, beside which the bytes flow."""

from typing import Annotated

from pydantic import StringConstraints

from colonnade.file_names import content_disposition
from colonnade.messages import Message

SHOWN_IN_PLACE = frozenset(
    {
        *("application/pdf", "text/plain"),
        *("image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"),
        *("audio/mpeg", "audio/ogg", "video/mp4", "video/webm"),
    }
)
"""Media types that a browser may show on the academy's own host: none of them runs anything."""


class FileHead(Message):
    """Head of a file: the answer of an operation with `stream=Stream.DOWNLOAD`, whose handler
    returns `Download(head, chunks)`.

    `media_type` is without parameters, and text is in UTF-8. `name` is what a browser saves it as.
    `size` is in bytes. `tag` changes when the bytes do: who has those gets them no second time.
    `inline` lets a browser show it in place, where the type is one of `SHOWN_IN_PLACE`.
    """

    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]{1,100}/[\w.+-]{1,100}$")]
    name: str | None = None
    size: int | None = None
    tag: Annotated[str, StringConstraints(pattern=r"^[\w.+-]{1,100}$")] | None = None
    inline: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers, the media type excepted, that make the file safe to hand to a browser."""
        inline = self.inline and self.media_type in SHOWN_IN_PLACE
        disposition = "inline" if inline else "attachment"
        headers = {
            "Content-Disposition": disposition
            if self.name is None
            else content_disposition("inline" if inline else "attachment", self.name)
        }
        if self.size is not None:
            headers["Content-Length"] = str(self.size)
        if self.tag is not None:
            headers["ETag"] = f'"{self.tag}"'
        if self.media_type != "application/pdf":
            # Browsers show no PDF in a sandbox.
            headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return headers
