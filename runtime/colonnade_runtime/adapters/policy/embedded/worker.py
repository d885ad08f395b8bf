"""A thread of its own for compiled policies, so that a slow policy never holds up the loop."""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.program import DECISION, Program


@dataclass(frozen=True, slots=True)
class _Question:
    input_text: str
    answer: "Future[object]"


class PolicyWorker:
    """Builds a program in its thread and answers questions there, one after the other.

    `ready` completes when the program is built, or fails with what `Program` raises. The thread
    is a daemon: native code cannot be interrupted, and must not hold up the end of the process.
    """

    def __init__(self, modules: Sequence[PolicyModule], name: str) -> None:
        self.ready: Future[None] = Future()
        self._sources = [(module.path, module.source) for module in modules]
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._busy_since: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Tell whether the thread still runs."""
        return self._thread.is_alive()

    def busy_for(self) -> float:
        """Seconds spent on the question in hand so far."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def ask(self, input_text: str) -> "Future[object]":
        """The decision for the input document, to come; fails with `EngineFault`."""
        answer: Future[object] = Future()
        self._questions.put(_Question(input_text, answer))
        return answer

    def stop(self) -> None:
        """End after the question in hand; those that wait are cancelled."""
        self._stopping.set()
        self._questions.put(None)

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            program = Program(self._sources)
        except BaseException as error:
            self.ready.set_exception(error)
            return
        self.ready.set_result(None)
        while (question := self._questions.get()) is not None:
            if self._stopping.is_set():
                question.answer.cancel()
            elif question.answer.set_running_or_notify_cancel():
                self._answer(program, question)

    def _answer(self, program: Program, question: _Question) -> None:
        self._busy_since = time.monotonic()
        try:
            result = program.answer(DECISION, question.input_text)
        except Exception as error:
            question.answer.set_exception(error)
        else:
            question.answer.set_result(result)
        finally:
            self._busy_since = None
