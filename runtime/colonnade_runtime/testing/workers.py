"""Workers without processes: what is given to them runs in this one, encoded as for another."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from colonnade_runtime.workers.frames import answer_of, encoded_call, performed
from colonnade_runtime.workers.turns import Person


class InlineWorkers:
    """A `WorkerPool` that bounds nothing, for simulations and for tests of other things."""

    def __init__(self, processes: int = 1, waiting: int = 64, memory: int = 0) -> None:
        self.outcomes: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Count of calls that wait: none."""
        return 0

    async def run(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        *,
        seconds: float,
        person: Person,
        left: float | None,
    ) -> Any:
        """The answer of one call."""
        call = encoded_call(function, arguments, seconds)
        frame = await asyncio.get_running_loop().run_in_executor(None, performed, call)
        return answer_of(function, frame)

    async def stop(self) -> None:
        """Stop nothing: no process runs."""
