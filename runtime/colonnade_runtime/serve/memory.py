"""Memory of the process: large blocks returned, the garbage collector kept off requests."""

import ctypes
import gc
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
"""The parameter's number in glibc's `mallopt(3)`."""

LARGE_BLOCK = 1024 * 1024
"""Size in bytes from which a block is returned to the system as soon as it is free."""


def give_back_large_blocks() -> None:
    """Return large blocks to the system when they are free; for the whole process.

    Left alone, glibc learns from the first free of one to keep the next ones, up to 32 MiB each
    and once per thread: Argon2's 19 MiB stayed after every sign-in, 38 MB with two workers. On
    systems without glibc nothing changes.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def give_back_free_pages() -> None:
    """Return whole pages that nothing is kept in (`malloc_trim(3)`): after the work of a start
    they lie between what stays. On systems without glibc nothing changes."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def put_off_collection() -> None:
    """Hardly collect garbage until `settle_memory`: what a start makes is kept.

    Looking through it again and again took a tenth of a start.
    """
    gc.set_threshold(200_000)


def set_imports_aside() -> None:
    """Let the garbage collector leave alone what imports made: looking through it once more when
    the start is done took a tenth of a start, and found next to nothing."""
    gc.freeze()


def settle_memory() -> None:
    """Let the garbage collector leave alone what was made to start: it stays for good.

    Otherwise every full collection looks at all of it, and holds up every request meanwhile. A
    request makes a few hundred objects, so young ones are looked at less often.
    """
    gc.collect()
    give_back_free_pages()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
