"""Secrets that a process reads once, at its start: a change of them waits for a restart."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from colonnade.secrets import Secret
from colonnade_runtime.assembly.signing import shared_key_file
from colonnade_runtime.calls.secret_vault import ResolvedSecrets
from colonnade_runtime.declaration import LoadedPlatform, declared_secrets

_ASKED_AGAIN = frozenset({"services", "plugins"})
"""Sections whose secrets are asked for whenever they are used."""


class StartedSecrets:
    """Digests of the secrets of a start, by the key that declares them."""

    def __init__(self, loaded: LoadedPlatform, resolved: ResolvedSecrets) -> None:
        self._salt = secrets.token_bytes(16)
        self._digests = self._of(loaded, resolved)

    def changed(self, loaded: LoadedPlatform, resolved: ResolvedSecrets) -> list[str]:
        """The keys whose secret is another one by now, or is gone; those that were declared
        since are not among them."""
        now = self._of(loaded, resolved)
        return [key for key, before in self._digests.items() if now.get(key) != before]

    def _of(self, loaded: LoadedPlatform, resolved: ResolvedSecrets) -> Mapping[str, bytes]:
        return {
            key: hashlib.blake2b(value, key=self._salt).digest()
            for key, value in _values(loaded, resolved)
        }


def secret_files(loaded: LoadedPlatform) -> frozenset[Path]:
    """The files that hold secrets: whoever replaces one means it to be used."""
    declared = {
        Path(each.reference.locator)
        for each in declared_secrets(loaded)
        if each.reference.scheme == "file"
    }
    shared = shared_key_file(loaded)
    return frozenset(declared if shared is None else {*declared, shared})


def _values(loaded: LoadedPlatform, resolved: ResolvedSecrets) -> Iterator[tuple[str, bytes]]:
    for each in declared_secrets(loaded):
        if each.tenant is not None or each.path[0] in _ASKED_AGAIN:
            continue
        outcome = resolved.outcomes.get(each.reference)
        if isinstance(outcome, Secret):
            yield ".".join(map(str, each.path)), outcome.reveal().encode()
    shared = shared_key_file(loaded)
    if shared is not None and shared.is_file():
        yield "signing_key", shared.read_bytes()
