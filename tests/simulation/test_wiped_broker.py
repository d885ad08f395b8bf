"""A broker that loses everything at the worst moment: what it accepted and nobody marked yet."""

from dataclasses import replace

import pytest

from colonnade.policy import PolicyEngine
from colonnade_course.api import CreateEnrollment
from colonnade_runtime.testing.simulation import World, expect_kept, is_quiet, rows, tenant_files
from colonnade_runtime.testing.simulation.fault_injection import CALM
from tests.simulation.academies import Academy, Site

BOTH = 2


def unmarked(world: World, academy: Academy) -> int:
    """Events of the academy's courses whose rows say that they were never sent."""
    query = "SELECT count(*) FROM colonnade_outbox WHERE sent_at IS NULL"
    counts = [
        rows(path, query)[0][0]
        for service, tenant, path in tenant_files(world.declared)
        if service == "course" and tenant == academy.tenant
    ]
    return sum(int(str(count)) for count in counts)


async def lose_what_was_accepted(world: World, academy: Academy, *, by_every_process: bool) -> None:
    await world.start()
    begun = world.clock.now()
    world.chance.faults = replace(CALM, dropped=1.0)
    enrol = CreateEnrollment(course_id=academy.free)
    await world.ask(academy.tenant, academy.people[2], enrol)
    await world.until(lambda: not world.broker.is_idle)
    assert unmarked(world, academy) > 0
    world.broker.wipe()
    world.chance.faults = CALM
    for process in world.processes if by_every_process else world.processes[-1:]:
        await process.republish(academy.tenant, begun)
    await world.until(lambda: is_quiet(world))


@pytest.mark.parametrize("replicas", [1, BOTH])
@pytest.mark.parametrize("seed", range(1, 3))
def test_what_was_accepted_and_not_marked_is_published_again(
    site: Site, policy: PolicyEngine, seed: int, replicas: int
) -> None:
    """Republishing works in a process that does not own the outbox, too: another one marks."""
    site.restore()
    world = World(site.declared, policy, seed, replicas=replicas)
    academy = site.academies[0]
    try:
        world.run(lose_what_was_accepted(world, academy, by_every_process=replicas == 1))
        expect_kept(world)
    finally:
        world.close()
