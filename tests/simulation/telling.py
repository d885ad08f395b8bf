"""One seed, told from beginning to end, with a verdict."""

from dataclasses import dataclass, field

from colonnade.policy import PolicyEngine
from colonnade_runtime.testing.simulation import FaultRates, World, expect_kept
from tests.simulation.academies import Site
from tests.simulation.promises import expect_promises
from tests.simulation.story import Story

SHOWN = 80
"""Lines of a history that are shown when it went wrong."""


@dataclass
class Told:
    """Result of a seed. `violation` is empty when every promise was kept."""

    seed: int
    fingerprint: int
    steps: int
    lines: list[str]
    points: dict[str, int]
    deaths: int
    violation: str = field(default="")

    def report(self) -> str:
        """Report that a person needs to see it again."""
        shown = "\n".join(self.lines[-SHOWN:])
        return (
            f"Seed {self.seed}: {self.violation}\n{shown}\n\n"
            f"Again, with every line: SEED={self.seed} make test WORKERS=0 "
            "ARGS='-s tests/simulation'"
        )


def tell(site: Site, policy: PolicyEngine, seed: int, faults: FaultRates | None = None) -> Told:
    """Tell the story of a seed: in one process, in six, or in two that both host everything."""
    services = site.declared.loaded.platform.enabled_services
    placement = [[name] for name in services] if seed % 4 == 0 else None
    replicas = 2 if seed % 10 == 1 else 1
    site.restore()
    world = World(site.declared, policy, seed, faults, placement, replicas)
    violation = ""
    try:
        world.run(Story(world, site).tell())
        expect_kept(world)
        expect_promises(world.declared)
    except Exception as error:
        violation = f"{type(error).__name__}: {error}"
    finally:
        world.close()
    return Told(
        seed,
        world.timeline.fingerprint,
        world.timeline.steps,
        world.lines,
        dict(world.points),
        sum(process.deaths for process in world.processes),
        violation,
    )
