"""The key with which processes sign for each other who is calling."""

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from colonnade.errors import ConfigurationError
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.declaration import LoadedPlatform

SHORTEST = 32
"""Characters that a declared key has at least."""

KEY_FILE = Path("var") / "keys" / "signing.key"
"""File of the key that processes of a development platform share when none is declared."""

_PURPOSE = b"colonnade context v1"


def signing_key(loaded: LoadedPlatform, vault: SecretVault) -> bytes:
    """The declared key; in development one that is made up, and shared through a file.

    A process that talks to no other has a key of its own, which ends with it.

    Raises:
        ConfigurationError: when the key is too short or cannot be kept.
    """
    platform = loaded.platform
    if platform.signing_key is not None:
        check_signing_key(loaded, vault)
        text = vault.secret(platform.signing_key).reveal()
        return hmac.digest(text.encode(), _PURPOSE, hashlib.sha256)
    shared = shared_key_file(loaded)
    return secrets.token_bytes(32) if shared is None else _shared(shared)


def shared_key_file(loaded: LoadedPlatform) -> Path | None:
    """Path of the undeclared key; None where one is declared, or none is shared."""
    platform = loaded.platform
    if platform.signing_key is not None or platform.bus.scheme == "memory":
        return None
    return loaded.root / KEY_FILE


def check_signing_key(loaded: LoadedPlatform, vault: SecretVault) -> None:
    """Go on when the key that is declared, if any is, will do.

    Raises:
        ConfigurationError: when it is too short.
    """
    declared = loaded.platform.signing_key
    length = SHORTEST if declared is None else len(vault.secret(declared).reveal())
    if length < SHORTEST:
        message = f"has {length} characters and needs {SHORTEST}: openssl rand -hex 32"
        raise ConfigurationError(str(loaded.origins.problem(("signing_key",), message)))


def _shared(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"Others may read {path}: chmod 600 {path}, or remove it.")
        key = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ConfigurationError(f"The signing key {path} cannot be kept: {reason}.") from None
    if len(key) != SHORTEST:
        raise ConfigurationError(f"{path} is no signing key; remove it, and another is made.")
    return key


def _make(path: Path) -> None:
    """Whole or not at all, and the first of those that start together makes it."""
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:
        file.write(secrets.token_bytes(SHORTEST))
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return
