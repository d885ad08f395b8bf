"""Rules about a plugin that runs."""

from collections.abc import Iterator

from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject
from colonnade_runtime.testing.contract.examination.trial_run import trial_of

_UNREADABLE = frozenset({400, 415, 422})


def starts_and_stops_twice(subject: Subject) -> Iterator[str]:
    """Starts and stops in a real platform, twice on the same folder, and leaves nothing."""
    trial = trial_of(subject)
    if trial.failure is not None:
        yield from trial.failure.splitlines()
    for leftover in sorted(set(trial.leftovers)):
        yield f"{leftover} is still there after the stop; end it after the yield of create_service."


def what_it_asks_is_granted(subject: Subject) -> Iterator[str]:
    """Policies grant, on something at least, what it asks of other services as itself."""
    trial = trial_of(subject)
    if trial.failure is not None:
        raise NotTried(f"the plugin does not start: {trial.failure}")
    for question in trial.not_granted:
        operation = question.operation
        yield (
            f"{question.place} asks {operation.name} as 'service:{subject.service}', and no policy "
            f"grants it {operation.action}: ask as the caller, or bring the grant in a policy and "
            "have the operator confirm it."
        )


def routes_never_break(subject: Subject) -> Iterator[str]:
    """Routes never answer 500 to a request that is well formed."""
    for probe in trial_of(subject).probes:
        statuses = {probe.stranger, probe.missing[0], (probe.foreign or probe.missing)[0]}
        if 500 in statuses:
            yield f"{probe} answered 500; raise an error of colonnade.errors instead."


def strangers_are_decided_on(subject: Subject) -> Iterator[str]:
    """Each route can be asked without a token, and the policy decides what comes of it."""
    for probe in trial_of(subject).probes:
        if probe.stranger in _UNREADABLE:
            yield (
                f"{probe} answered {probe.stranger} to a request made up from its model, so "
                "nothing is known of what it answers strangers; give fields of a special form "
                "examples: Field(examples=['…'])."
            )


def other_academies_things_do_not_exist(subject: Subject) -> Iterator[str]:
    """Things of another academy are answered like what never existed, in status and in body."""
    for probe in trial_of(subject).probes:
        if probe.foreign is None or probe.foreign == probe.missing:
            continue
        yield (
            f"{probe} answered {probe.foreign[0]} for another academy's object and "
            f"{probe.missing[0]} for one that never existed; look it up in the tenant's own "
            f"store alone. It said: {probe.foreign[1][:200]}"
        )


CHECKS = (
    starts_and_stops_twice,
    what_it_asks_is_granted,
    routes_never_break,
    strangers_are_decided_on,
    other_academies_things_do_not_exist,
)
