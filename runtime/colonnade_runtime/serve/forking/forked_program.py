"""Life of a forked process: it leaves its parent behind and becomes the command `colonnade`."""

import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from setproctitle import setproctitle

from colonnade_runtime.observability.output import drain_output

Program = Callable[[Sequence[str]], object]
"""The command line as a function: ends by returning, or by `SystemExit`."""

_HIGHEST = 1 << 20
"""Descriptors are closed up to this; no system gives out more to one process."""


def become_program(
    program: Program, words: Sequence[str], output: int, kept: Sequence[int]
) -> NoReturn:
    """Run `program` as a process that was started with `words` would, and end with its code.

    It writes to `output`, and of other descriptors has those in `kept` alone.
    """
    code = 1
    try:
        _take_output(output)
        forget_parent(kept)
        sys.argv = [sys.argv[0], *words]
        if not sys.flags.safe_path:
            # As `python -m` has it.
            sys.path[0] = str(Path.cwd())
        setproctitle(" ".join((sys.executable, "-m", "colonnade_runtime", *words)))
        code = _code_of(program, words)
    except BaseException:
        traceback.print_exc()
    finally:
        _end(code)


def forget_parent(kept: Sequence[int]) -> None:
    """Leave a parent's session, signal handlers, descriptors and taken-over output behind."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    first = 3
    for descriptor in (*sorted(kept), _HIGHEST):
        os.closerange(first, descriptor)
        first = descriptor + 1
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def _take_output(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for standard, descriptor in ((0, nothing), (1, output), (2, output)):
        os.dup2(descriptor, standard)


def _code_of(program: Program, words: Sequence[str]) -> int:
    try:
        program(words)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as Python does. To return instead would be to go on as the parent, where it forked."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        drain_output()
    finally:
        os._exit(code & 0xFF)
