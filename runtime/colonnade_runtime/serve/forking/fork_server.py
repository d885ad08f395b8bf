"""The process that has imported everything, does nothing, and is forked for each other process.

A child is no child of it: it is forked twice, and `colonnade up`, which asks to be given the
orphans of its descendants meanwhile (prctl(2), PR_SET_CHILD_SUBREAPER), becomes its parent, as if
it had started it. So its end is noticed there, and the fork server may end at any time.
"""

import gc
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from setproctitle import setproctitle

from colonnade_runtime.resilience.end_with_parent import end_with_parent
from colonnade_runtime.serve.forking.forked_program import Program, become_program, forget_parent
from colonnade_runtime.serve.forking.loaded_code import State, is_changed, loaded_code
from colonnade_runtime.serve.forking.orders import (
    LARGEST,
    Answer,
    Order,
    encode,
    read_order,
)
from colonnade_runtime.serve.memory import give_back_free_pages

CHANGED = "the code that is installed is no longer the code that this 'colonnade up' has loaded"

_PID_BYTES = 8


def serve_forks(
    control: socket.socket, parent: int, preload: Callable[[], None], program: Program
) -> NoReturn:
    """Preload, then fork a process for each order on `control`, until it is closed.

    `parent` is the process that orders, and this one's own parent.
    """
    try:
        forget_parent((control.fileno(),))
        end_with_parent()
        if os.getppid() == parent:
            setproctitle("colonnade up: fork server")
            preload()
            # What was made by now is never looked at again by a collector, which would write to
            # it, and so copy what all processes share.
            gc.collect()
            give_back_free_pages()
            gc.freeze()
            _serve(ForkServer(control, parent, program))
    finally:
        os._exit(0)


def _serve(server: "ForkServer") -> None:
    while server.answer_next():
        continue


class ForkServer:
    """Forks processes that become `program`, as children of `parent`."""

    def __init__(self, control: socket.socket, parent: int, program: Program) -> None:
        self._control = control
        self._parent = parent
        self._program = program
        self._code: Mapping[str, State | None] = loaded_code()
        self._unfit = _unfit()

    def answer_next(self) -> bool:
        """Carry out one order; False when there will be no more."""
        data, descriptors, _, _ = socket.recv_fds(self._control, LARGEST, 2)
        if not data:
            return False
        refusal = self._unfit or (CHANGED if is_changed(self._code) else "")
        try:
            if refusal:
                self._control.send(encode(Answer(refusal=refusal)))
            else:
                self._fork(read_order(data), descriptors)
        except OSError as error:
            self._control.send(encode(Answer(refusal=f"it could not be forked: {error.strerror}")))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, order: Order, descriptors: Sequence[int]) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            between = os.fork()
            if between == 0:
                self._fork_again(order, descriptors, theirs)
            theirs.close()
            os.waitpid(between, 0)
            pid = int.from_bytes(ours.recv(_PID_BYTES), "big")
            if pid == 0:
                raise OSError(0, "the system has no room for another process")
            # First told, then let go: a process that nobody was told of would be started twice.
            self._control.send(encode(Answer(pid=pid)))
            ours.send(b"\1")

    def _fork_again(
        self, order: Order, descriptors: Sequence[int], gate: socket.socket
    ) -> NoReturn:
        try:
            if os.fork() == 0:
                self._begin(order, descriptors, gate)
        finally:
            os._exit(1)

    def _begin(self, order: Order, descriptors: Sequence[int], gate: socket.socket) -> None:
        """The forked process, in which its parent has not changed yet."""
        output, heartbeat = descriptors
        gate.send(os.getpid().to_bytes(_PID_BYTES, "big"))
        if not gate.recv(1):
            return
        end_with_parent()
        if os.getppid() != self._parent:
            return
        os.environ[order.heartbeat] = str(heartbeat)
        become_program(self._program, order.words, output, (heartbeat,))


def _unfit() -> str:
    """Reason that this process must not be forked; empty when it may be."""
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.is_dir() else 1
    if threads == 1:
        return ""
    return f"a module of a plugin starts threads when it is imported ({threads - 1})"
