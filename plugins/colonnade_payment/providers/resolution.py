"""Resolutions of saga steps whose request to a provider had no answer."""

from collections.abc import Callable

from colonnade.sagas import Resolution, StepOutcome
from colonnade_payment.api import Outcome, ProviderRecord


def resolution_of(
    record: ProviderRecord | None, outcome_of: Callable[[ProviderRecord], StepOutcome]
) -> Resolution:
    """Resolve a step by what its provider found; `outcome_of` is asked for a success only.

    A refusal counts as not done: the step repeats it, and then takes the usual way.
    """
    if record is None or record.outcome is Outcome.DECLINED:
        return Resolution.did_not_happen()
    if record.outcome is Outcome.PENDING:
        return Resolution.cannot_tell()
    outcome = outcome_of(record)
    return Resolution.happened(state=outcome.state, work=outcome.work)
