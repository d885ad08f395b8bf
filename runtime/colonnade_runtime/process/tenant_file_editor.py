"""Editor of tenants' files, for what an academy may change of its own declaration."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from colonnade.errors import Conflict, FieldError, ValidationFailed
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.declaration import DeclarationError, Problem
from colonnade_runtime.declaration.yaml.amendment import NotAmendable
from colonnade_runtime.declaration.yaml.file_amendment import amended_file
from colonnade_runtime.process.reloading import Reloader

_BY_HAND = "It is changed in the academy's file, by whoever runs the platform"


class TenantFileEditor:
    """Writes changes into a tenant's file, comments kept, and has them taken up.

    A change is held against the rules of the file before it is written, with all that is declared
    beside it: what is written can be taken up.
    """

    def __init__(self, declared: Declared, reloader: Reloader, log: Any) -> None:
        self._declared = declared
        self._reloader = reloader
        self._log = log
        self._one_at_a_time = asyncio.Lock()

    async def change(self, tenant: str, changes: Mapping[str, str | None]) -> None:
        """Change the file of `tenant`: dotted key → text, or None.

        Raises:
            Conflict: a key may not be changed from here, or cannot be changed by a machine.
            ValidationFailed: the declaration would not be valid.
        """
        loaded = self._reloader.loaded
        _refuse_others(changes, loaded.platform.tenants.editable)
        path = loaded.tenants_folder / f"{tenant}.yaml"
        async with self._one_at_a_time:
            # Not to be cut off between the file and what takes it up.
            await asyncio.shield(self._change(path, tenant, changes))

    async def _change(self, path: Path, tenant: str, changes: Mapping[str, str | None]) -> None:
        if not await asyncio.to_thread(self._write, path, changes):
            return
        self._log.info("tenant file changed", tenant=tenant, keys=sorted(changes))
        if not await self._reloader.reload():
            raise Conflict("It is written down, and counts once the declaration is mended.")

    def _write(self, path: Path, changes: Mapping[str, str | None]) -> bool:
        """Write the changes; False when the file says so already."""
        try:
            if path.is_symlink():
                raise Conflict(f"{_BY_HAND}: it is a link to where it is kept.")
            data = path.read_bytes()
            changed = amended_file(data, changes)
            if changed == data:
                return False
            self._check(path, changed, changes)
            _replace(path, changed)
        except NotAmendable as error:
            raise Conflict(f"{_BY_HAND}: {error}.") from None
        except OSError as error:
            reason = f"{path}: {error.strerror or error}"
            raise Conflict(f"{_BY_HAND}: it cannot be written.", reason=reason) from None
        return True

    def _check(self, path: Path, changed: bytes, changes: Mapping[str, str | None]) -> None:
        try:
            self._declared.read_again({path: changed})
        except DeclarationError as error:
            fields = list(_fields(error.problems, path, changes))
            if len(fields) == len(error.problems):
                raise ValidationFailed(fields=fields) from None
            raise Conflict(
                "Nothing was changed: what is declared beside it has to be mended first.",
                reason=str(error),
            ) from None


def _refuse_others(changes: Mapping[str, str | None], editable: Sequence[str]) -> None:
    others = [key for key in changes if not {key, key.partition(".")[0]} & set(editable)]
    if others:
        listed = f" An academy changes itself: {', '.join(editable)}." if editable else ""
        raise Conflict(f"{_BY_HAND}: {', '.join(others)}.{listed}", details={"keys": others})


def _fields(
    problems: Sequence[Problem], path: Path, changes: Mapping[str, str | None]
) -> Iterator[FieldError]:
    """The problems that are with what is changed, as fields of the request."""
    for problem in problems:
        if problem.file == str(path) and problem.path in changes:
            pointer = "/" + problem.path.replace(".", "/")
            hint = f"; did you mean {problem.suggestion}?" if problem.suggestion else ""
            yield FieldError(pointer, f"{problem.message}{hint}", "invalid")


def _replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file, whole, with its mode.

    The name begins with a dot until then, and is read by nobody.
    """
    mode = path.stat().st_mode
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    written = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
