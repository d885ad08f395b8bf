"""Mail transport into a folder, for development: one `.eml` file a message."""

import contextlib
import os
from pathlib import Path
from uuid import UUID

from colonnade.services import ServiceContext
from colonnade_notification.api import DeliveryOutcome, Postponed, Sent
from colonnade_notification.channels.email.message import WrittenMail

UNWRITABLE = "mail_folder"
"""The kind of fault that a folder is when nothing can be written there."""


class FolderTransport:
    """Writes `<folder>/<tenant>/<id>.eml`; sending again writes the same file again."""

    def __init__(self, ctx: ServiceContext, folder: Path) -> None:
        self._ctx = ctx
        self._folder = folder

    async def hand_over(self, mail: WrittenMail, identifier: UUID) -> DeliveryOutcome:
        """Write the file, whole or not at all."""
        tenant = self._ctx.tenant().id
        path = self._folder / tenant / f"{identifier}.eml"
        try:
            await self._ctx.in_worker(_write, path, mail.content)
        except OSError as error:
            sentence = f"{path} cannot be written: {error.strerror}."
            mend = "Let the platform write there, or name another folder in mail.url."
            self._ctx.faults.report(UNWRITABLE, sentence, mend=mend, tenant=tenant)
            return Postponed("The folder of mails cannot be written.")
        self._ctx.faults.withdraw(UNWRITABLE, tenant=tenant)
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
