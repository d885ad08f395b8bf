"""Steps of a saga that are recorded together: one that is done, and local ones after it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from colonnade.events import Work
from colonnade.sagas import Saga
from colonnade.store import Session
from colonnade_runtime.background.sagas import transitions
from colonnade_runtime.background.sagas.saga_progress import SagaProgress
from colonnade_runtime.background.sagas.transitions import TransitionContext


def local_steps_after(saga: Saga, index: int) -> Iterator[int]:
    """The local steps that follow a step without another in between."""
    for following in range(index + 1, len(saga.steps)):
        if not saga.steps[following].local:
            return
        yield following


@dataclass(slots=True)
class StepsDone:
    """Steps that are done: for each its encoded state, if it gave one, and its unit of work.

    `effect` does what `rule`, which comes first, found to hold: a saga that is to turn back
    after the first of them does not do the others.
    """

    steps: list[tuple[bytes | None, Work | None]]
    _counted: int = field(default=0)

    def rule(self, context: TransitionContext, progress: SagaProgress) -> SagaProgress:
        """The progress after as many of the steps as may follow each other."""
        self._counted = 0
        for state, _ in self.steps:
            index = progress.step
            progress = transitions.done(context, progress, state)
            self._counted += 1
            if progress.backward or progress.step != index + 1:
                break
        return progress

    def effect(self, session: Session) -> None:
        """Run the units of work of the steps that `rule` has counted."""
        for _, work in self.steps[: self._counted]:
            if work is not None:
                work(session)
