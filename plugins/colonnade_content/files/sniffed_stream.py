"""Streams of bytes whose media type is told while they pass."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from colonnade_content.api import FileTypeMismatch
from colonnade_content.files.file_types import HEAD_BYTES, contradiction, sniff


@dataclass(slots=True)
class SniffedStream:
    """Stream of a file's bytes, held back until the first of them have shown their media type.

    `name` and `declared_type` are the sender's words. `media_type` is empty until it is known.
    """

    source: AsyncIterator[bytes]
    name: str
    declared_type: str
    media_type: str = ""

    async def chunks(self) -> AsyncIterator[bytes]:
        """Pass the bytes on.

        Raises:
            FileTypeMismatch: they are of another type than the sender says.
        """
        head = b""
        async for chunk in self.source:
            if self.media_type:
                yield chunk
                continue
            head += chunk
            if len(head) >= HEAD_BYTES:
                self._sniff(head)
                yield head
        if not self.media_type:
            self._sniff(head)
            if head:
                yield head

    def _sniff(self, head: bytes) -> None:
        found = sniff(head, self.name)
        family = contradiction(head, self.name, self.declared_type)
        if family is not None:
            raise FileTypeMismatch(
                f"The bytes are {found}, which its name or declared type contradicts.",
                details={"media_type": found},
            )
        self.media_type = found
