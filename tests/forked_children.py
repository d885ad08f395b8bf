"""Processes that `colonnade up` forks from itself, where it would execute a new Python for each.

For an `up` that was forked with everything imported (see `tests.forked_commands`), so that its
processes, and those that take their place after a restart, begin without two seconds of imports.
They have the pipes, the session and the end with their parent that `up` gives to any process.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from colonnade_runtime.observability.output import drain_output

PROGRAM = ("-m", "colonnade_runtime")
GIVEN = ("preexec_fn", "pass_fds", "env")
"""What `up` gives to its processes beside their output."""

_HIGHEST = 65_536
"""A descriptor that no process of a test reaches."""


def fork_children() -> None:
    """From now on, fork where `asyncio.create_subprocess_exec` would start `colonnade`."""
    start = asyncio.create_subprocess_exec

    async def forked(*command: str, **options: Any) -> asyncio.subprocess.Process:
        if command[1:3] != PROGRAM:
            return await start(*command, **options)
        prepare, kept, environment = (options[name] for name in GIVEN)

        def become() -> NoReturn:
            asyncio.create_subprocess_exec = start
            prepare()
            _forget_parent(kept)
            _run(command[3:], environment)

        return await start(*command, **{**options, "preexec_fn": become})

    asyncio.create_subprocess_exec = forked  # type: ignore[assignment]


def _forget_parent(kept: Sequence[int]) -> None:
    """Leave what executing a program would have left: descriptors, signals, taken-over output."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A new Python ignores these two; `subprocess` has just given them their usual meaning.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    first = 3
    for descriptor in (*sorted(kept), _HIGHEST):
        os.closerange(first, descriptor)
        first = descriptor + 1
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def _run(words: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["colonnade", *words]
    code = 1
    try:
        import_module("colonnade_runtime.cli").main(prog_name="colonnade")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        drain_output()
        os._exit(code)
