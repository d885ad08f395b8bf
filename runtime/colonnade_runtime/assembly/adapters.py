"""Adapters: what a URL's scheme stands for, and the sentence for one that nobody brings."""

from collections.abc import Iterable

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration import LoadedPlatform


def no_adapter(
    loaded: LoadedPlatform, path: tuple[str, ...], scheme: str, known: Iterable[str]
) -> ConfigurationError:
    """The error for a scheme at `path` of the platform's file that is not among the `known`."""
    message = f"no adapter is installed for '{scheme}:' (known: {', '.join(sorted(known))})"
    return ConfigurationError(str(loaded.origins.problem(path, message)))
