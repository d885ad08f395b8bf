"""`python -m colonnade_runtime.testing.servers [COMMAND …]`: every server, for as long as needed.

With a command, the servers run while it does, and their URLs are in its environment. Without
one, their URLs are printed and they run until Ctrl-C. Servers that all workers of a test run share
are left to the run: it starts those that its tests need.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import click

from colonnade_runtime.testing.servers.binaries import MissingServer, find_program
from colonnade_runtime.testing.servers.server_kinds import KINDS, ServerKind
from colonnade_runtime.testing.servers.server_process import running_server


def main(command: Sequence[str]) -> int:
    """Run the servers around `command`; the answer is its exit status."""
    # A stop is an interruption here, so that the servers are stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        urls = _start(stack, [kind for kind in KINDS.values() if not (command and kind.shared)])
        if urls is None:
            return 1
        if command:
            return _run(command, {**os.environ, **urls})
        for variable, url in urls.items():
            click.echo(f"export {variable}={url}")
        click.echo("Ctrl-C stops them.", err=True)
        signal.pause()
    return 0


def _start(stack: ExitStack, kinds: Iterable[ServerKind]) -> dict[str, str] | None:
    """Start what is not running yet; nothing when one is missing that may not be."""
    urls: dict[str, str] = {}
    missing = False
    for kind in kinds:
        if os.environ.get(kind.variable):
            continue
        try:
            program = find_program(kind, lambda line: click.echo(line, err=True))
        except MissingServer as error:
            click.echo(str(error), err=True)
            missing = True
            continue
        urls[kind.variable] = stack.enter_context(running_server(kind, program)).url
    if missing and os.environ.get("CI") == "true":
        click.echo("With CI=true no server may be missing.", err=True)
        return None
    return urls


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        click.echo(f"{command[0]}: {error.strerror}", err=True)
        return 127
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The command got the same Ctrl-C, or is told now; its own end is ours.
            process.terminate()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
