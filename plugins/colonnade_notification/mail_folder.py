"""Mail as files, for development: each message one `.eml` that a mail reader opens."""

import contextlib
import os
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from uuid import UUID

from colonnade.services import ServiceContext
from colonnade_notification.api import Outcome, Postponed, Sent


class MailFolder:
    """Writes `<folder>/<tenant>/<id>.eml`; sending again writes the same file again."""

    def __init__(self, ctx: ServiceContext, folder: Path) -> None:
        self._ctx = ctx
        self._folder = folder

    async def hand_over(self, mail: EmailMessage, identifier: UUID, recipient: str) -> Outcome:
        """Write the file, whole or not at all."""
        path = self._folder / self._ctx.tenant().id / f"{identifier}.eml"
        policy = SMTP if recipient.isascii() else SMTPUTF8
        try:
            await self._ctx.in_worker(_write, path, mail.as_bytes(policy=policy))
        except OSError as error:
            return Postponed(f"{path} cannot be written: {error.strerror}.")
        return Sent()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
