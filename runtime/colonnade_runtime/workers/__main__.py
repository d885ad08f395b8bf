"""A worker: does one call after the other, each within its time, until nobody sends any.

`python -m colonnade_runtime.workers BYTES` with the memory that it may take. Calls come on
standard input, answers go to what was standard output; what a function prints goes nowhere.
"""

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from colonnade_runtime.resilience.end_with_parent import end_with_parent
from colonnade_runtime.workers.frames import (
    CALLS,
    LENGTH_BYTES,
    AnswerFrame,
    CallFrame,
    function_of,
    performed,
)

OPEN_FILES = 256
NICENESS = 5
OUT_OF_MEMORY = "MemoryError"


def main() -> None:
    """Work until standard input ends."""
    end_with_parent()
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    _limit(int(sys.argv[1]))
    while len(head := calls.read(LENGTH_BYTES)) == LENGTH_BYTES:
        call = CALLS.decode(calls.read(int.from_bytes(head, "big")))
        _send(answers, _done(call, answers))


def _done(call: CallFrame, answers: BinaryIO) -> AnswerFrame:
    """The end of a call; before it begins, the function is said to be there."""
    try:
        function_of(call)
        _send(answers, AnswerFrame())
        # SIGPROF ends the process, whatever it is in (setitimer(2)).
        signal.setitimer(signal.ITIMER_PROF, call.seconds)
        return performed(call)
    except MemoryError:
        return AnswerFrame(raised=OUT_OF_MEMORY)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _send(answers: BinaryIO, frame: AnswerFrame) -> None:
    body = msgspec.msgpack.encode(frame)
    answers.write(len(body).to_bytes(LENGTH_BYTES, "big"))
    answers.write(body)
    answers.flush()


def _limit(memory: int) -> None:
    """Bounds that the kernel keeps; the loop of the parent goes before."""
    # A platform without one of these keeps the bound on time all the same.
    with contextlib.suppress(OSError, ValueError):
        os.nice(NICENESS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
        bound = _taken() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def _taken() -> int:
    """Bytes of data that were mapped before any work: the policy engine, which comes with this
    package, reserves a great deal and uses little of it (proc_pid_statm(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
