"""Import of figures and data files: uploaded once, found again by their external ids."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from colonnade.command_line import PlatformClient
from colonnade.errors import ColonnadeError, Conflict, NotFound, UnsupportedMediaType
from colonnade_content.api import (
    CreateMedia,
    DeleteFile,
    DeleteMedia,
    File,
    GetMedia,
    ListFiles,
    ListMedia,
    Media,
    UploadFile,
)
from colonnade_course.carpentries.lesson import ImportedFile
from colonnade_course.importing.import_run import ImportRun, list_all

CHUNK = 256 * 1024
PROCESSING_SECONDS = 120.0
"""Seconds to wait for the processing of pictures."""

_INTERVAL = 0.05
_VARIANTS = ("large", "drawing")


@dataclass(slots=True)
class FileImport:
    """Import of files. `paths` maps the key of each to its path in the API."""

    platform: PlatformClient
    tenant: str
    run: ImportRun
    step: Callable[[], None]
    paths: dict[str, str] = field(default_factory=dict)
    _kept: set[UUID] = field(default_factory=set)
    _known: dict[str, File] = field(default_factory=dict)

    def upload_all(self, files: Iterable[ImportedFile], figures: Iterable[ImportedFile]) -> None:
        """Upload what is not there yet, and make pictures of the figures."""
        request = ListFiles(limit=100, external_id_prefix=self.run.prefix)
        found = list_all(self.platform, self.tenant, request)
        self._known = {file.external_id or "": file for file in found}
        for file in files:
            kept = self._ensure(file)
            if kept is not None:
                self.paths[file.key] = f"/api/v1/files/{kept.id}/content"
            self.step()
        media = {}
        for figure in figures:
            kept = self._ensure(figure)
            picture = self._picture(figure, kept) if kept is not None else None
            if picture is not None:
                media[figure.key] = picture
            self.step()
        self._await(media)

    def delete_unused(self) -> None:
        """Delete files of an earlier import that no page shows any more."""
        for file in self._known.values():
            if file.id in self._kept:
                continue
            try:
                for picture in self._pictures(file.id):
                    self.platform.ask(self.tenant, DeleteMedia(media_id=picture.id))
                self.platform.ask(self.tenant, DeleteFile(file_id=file.id))
            except (Conflict, NotFound):
                # Another page shows it by now, or another import has deleted it.
                continue
            self.run.changes += 1

    def _ensure(self, file: ImportedFile) -> File | None:
        # The digest is part of the name: a changed file is another one, and pages that show
        # the old one do so until they are changed.
        name = self.run.external_id(f"{file.key}@{file.digest[:16]}")
        kept = self._known.get(name)
        if kept is None:
            try:
                kept = self._upload(file, name)
            except UnsupportedMediaType as error:
                self.run.warn(f"{file.key}: left out: {error.message}")
                return None
        self._kept.add(kept.id)
        return kept

    def _upload(self, file: ImportedFile, name: str) -> File:
        upload = UploadFile(name=file.name, external_id=name)
        find = ListFiles(external_id=name)
        return self.run.create(
            lambda: self.platform.upload(self.tenant, upload, _chunks(file.path)),
            lambda: self.platform.ask(self.tenant, find).items,
        )

    def _picture(self, figure: ImportedFile, file: File) -> Media | None:
        self.paths[figure.key] = f"/api/v1/files/{file.id}/content"
        pictures = self._pictures(file.id)
        if pictures:
            return _first(pictures)
        try:
            made = self.platform.ask(self.tenant, CreateMedia(file_id=file.id))
        except UnsupportedMediaType as error:
            self.run.warn(f"{figure.key}: shown as a file: {error.message}")
            return None
        first = _first(self._pictures(file.id) or [made])
        if first.id != made.id:
            # Another import of the same folder was first.
            self._drop(made)
            return first
        self.run.changes += 1
        return made

    def _drop(self, picture: Media) -> None:
        with suppress(Conflict, NotFound):
            self.platform.ask(self.tenant, DeleteMedia(media_id=picture.id))

    def _pictures(self, file_id: UUID) -> list[Media]:
        return list_all(self.platform, self.tenant, ListMedia(file_id=file_id))

    def _await(self, media: dict[str, Media]) -> None:
        deadline = time.monotonic() + PROCESSING_SECONDS
        for key, picture in media.items():
            while picture.state == "processing" and time.monotonic() < deadline:
                time.sleep(_INTERVAL)
                picture = self.platform.ask(self.tenant, GetMedia(media_id=picture.id))
            variants = {variant.name for variant in picture.variants}
            shown = next((name for name in _VARIANTS if name in variants), None)
            if shown is not None:
                self.paths[key] = f"/api/v1/media/{picture.id}/variants/{shown}"
            else:
                why = picture.failure or "it is still being processed; import again later."
                self.run.warn(f"{key}: shown as a file: {why}")
            self.step()


def _first(pictures: Iterable[Media]) -> Media:
    """Choose the picture that concurrent imports agree on."""
    return min(pictures, key=lambda picture: (picture.created_at, picture.id))


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise ColonnadeError(f"{path} cannot be read: {error.strerror}.") from error
