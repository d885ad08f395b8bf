"""Taking turns: what is compared is measured in the same minute, and medians are compared."""

import statistics
from collections.abc import Callable, Mapping

ROUNDS = 5


def in_turn(
    candidates: Mapping[str, Callable[[], float]], rounds: int = ROUNDS
) -> dict[str, float]:
    """The median of each candidate's samples; every round asks every candidate once."""
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, sample in candidates.items():
            samples[name].append(sample())
    return {name: statistics.median(found) for name, found in samples.items()}


def percentile(samples: list[float], fraction: float) -> float:
    """The sample below which `fraction` of all lie."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]
