"""One server for every worker of a test run: started by the first that asks, stopped by it last."""

import fcntl
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from colonnade_runtime.testing.servers.server_process import RunningServer


@contextmanager
def shared_server(
    name: str, folder: Path, start: Callable[[ExitStack], RunningServer]
) -> Iterator[str]:
    """URL of the server of this name; `folder` is one that the workers of a run have in common.

    Who started it waits at its end for those that still use it.
    """
    known = folder / f"{name}.url"
    with (folder / f"{name}.users").open("a") as users, ExitStack() as stack:
        # Everybody who uses it holds this lock together with the others.
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / f"{name}.turn").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            url = _running(known)
            is_owner = url is None
            if url is None:
                url = start(stack).url
                known.write_text(url)
        try:
            yield url
        finally:
            if is_owner:
                fcntl.flock(users, fcntl.LOCK_EX)
                known.unlink(missing_ok=True)
                stack.close()


def _running(known: Path) -> str | None:
    """The URL of a server that listens; a worker that was killed leaves one that does not."""
    with suppress(OSError):
        url = known.read_text()
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), 1):
            return url
    return None
