"""The number of files that a process may have open: connections are files, too."""

import resource

from colonnade.errors import ConfigurationError

RESERVED = 1_024
"""Files that a process needs beside connections: stores, logs, the bus, workers."""


def needed_files(connections: int, *, forwarding: bool) -> int:
    """Number of files that `connections` need; a forwarded one takes another."""
    return connections * (2 if forwarding else 1) + RESERVED


def allow_open_files(needed: int) -> None:
    """Raise this process's soft limit to `needed` where it is lower.

    Raises:
        ConfigurationError: the system allows fewer.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    problem = missing_files(needed)
    if problem is not None:
        raise ConfigurationError(f"gateway.connections.maximum {problem}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def missing_files(needed: int) -> str | None:
    """The end of a sentence that says that the system does not allow `needed` open files."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard >= needed:
        return None
    return (
        f"needs {needed} open files for a process, and the system allows {hard}: lower it, or "
        "raise the hard limit (ulimit -Hn, LimitNOFILE of a systemd unit)"
    )
