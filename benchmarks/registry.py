"""Benchmarks by name: a module in `benchmarks/numbers/` a subject, found by being there."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks import numbers


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that was asked for, and what was got. `asked` reads like `>= 0.6`."""

    what: str
    asked: str
    got: str
    met: bool
    detail: str = ""

    def line(self) -> str:
        """The figure for people."""
        verdict = "met   " if self.met else "MISSED"
        beside = f"  ({self.detail})" if self.detail else ""
        return f"{verdict} {self.what}: asked {self.asked}, got {self.got}{beside}"


Benchmark = Callable[[], Iterator[Figure]]
"""Measures, and yields each figure as soon as it is known."""


def at_least(what: str, asked: float, got: float, detail: str = "") -> Figure:
    """A ratio that must not be smaller."""
    return Figure(what, f">= {asked:g}", f"{got:.2f}", got >= asked, detail)


def at_most(what: str, asked: float, got: float, unit: str, detail: str = "") -> Figure:
    """A quantity in `unit` that must not be larger."""
    return Figure(what, f"<= {asked:g} {unit}", f"{got:.3g} {unit}", got <= asked, detail)


def told(what: str, got: str, detail: str = "") -> Figure:
    """A quantity that is shown and not judged."""
    return Figure(what, "to be told", got, True, detail)


def benchmarks() -> dict[str, Benchmark]:
    """Every benchmark by the name of its module, with dashes; each module has a `measure`."""
    found = {}
    for module in pkgutil.walk_packages(numbers.__path__, f"{numbers.__name__}."):
        if not module.ispkg:
            name = module.name.rpartition(".")[2].replace("_", "-")
            found[name] = _measure_of(module.name)
    return found


def _measure_of(name: str) -> Benchmark:
    def measure() -> Iterator[Figure]:
        module = importlib.import_module(name)
        yield from module.measure()

    return measure
