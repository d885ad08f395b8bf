"""A purchase whose process is killed at every crash point, in every step, on every bus."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest

from colonnade.crash_points import crash_points
from colonnade.policy import PolicyEngine
from colonnade_runtime.testing.servers.nats_streams import without_streams
from tests.faults.support.crashing import Shop
from tests.faults.support.pairs import covering
from tests.simulation.academies import Site
from tests.simulation.conftest import policy, site

__all__ = ["policy", "site"]

pytestmark = [pytest.mark.faults, pytest.mark.server]

KILLED = -9
STEPS = ("reserve-seat", "authorize", "capture", "activate-enrollment", "notify")
BUSES = ("memory", "nats")

ANYWHERE = (
    "store.flushed",
    "store.committed",
    "saga.begun",
    "saga.acted",
    "saga.recorded",
    "relay.read",
    "relay.published",
    "relay.marked",
    "inbox.claimed",
    "delivery.handled",
)
"""Points that are reached from each step on."""

SOMEWHERE = {
    "delivery.reacted": STEPS[:4],
    "sandbox.acted": STEPS[1:3],
    "provider.answered": STEPS[1:3],
    "saga.asked": STEPS[1:3],
    "saga.undone": STEPS[:2],
    "notification.sent": STEPS[:4],
}
"""Points that are reached in the course of some steps, or from them on."""

ELSEWHERE = {
    "delivery.given_up": ("test_events_survive_kills.py", '"delivery.given_up:2"'),
    "content.kept": ("test_uploads_survive_kills.py", "child(uploading(site), BYTES_STORED)"),
    "analytics.stepped": ("test_reports_survive_kills.py", '"analytics.stepped:1"'),
}
"""Points that no purchase reaches: the file in which a process is killed there, and how."""

METHODS = {"saga.asked": "tok_timeout", "saga.undone": "tok_capture_declined"}

Case = tuple[str, str, str]
Child = Callable[[Callable[[], None], str], int]

PRODUCT: list[Case] = [
    *((point, step, bus) for point in ANYWHERE for step in STEPS for bus in BUSES),
    *((point, step, bus) for point, steps in SOMEWHERE.items() for step in steps for bus in BUSES),
]
CHOSEN = covering(PRODUCT)


def spec_of(point: str, step: str) -> str:
    """Where to die: in the step where the point is the step's own, else from the step on."""
    if point in ("saga.begun", "saga.acted", "saga.asked", "saga.undone"):
        return f"{point}/{step}"
    return f"{point}@saga.begun/{step}"


@pytest.fixture(scope="module")
def shops(site: Site, policy: PolicyEngine, nats_url: str) -> Iterator[dict[str, Shop]]:
    """A shop on each bus, with every answer of the policies known."""
    urls = {"memory": "memory:", "nats": nats_url}
    found = {bus: Shop(site, policy, url) for bus, url in urls.items()}
    for method in ("tok_ok", *METHODS.values()):
        site.restore()
        found["memory"].buying(method)()
    yield found
    asyncio.run(without_streams(nats_url))


def die_and_go_on(child: Child, shop: Shop, nats_url: str, point: str, step: str) -> None:
    """Kill a purchase where the case says, start again, and find every promise kept."""
    shop.site.restore()
    asyncio.run(without_streams(nats_url))
    buy = shop.buying(METHODS.get(point, "tok_ok"))
    assert child(buy, spec_of(point, step)) == KILLED, f"{spec_of(point, step)} was never reached"
    assert child(buy, "") == 0


@pytest.mark.parametrize(("point", "step", "bus"), CHOSEN)
def test_a_purchase_survives_a_choice_of_kills(
    child: Child, shops: dict[str, Shop], nats_url: str, point: str, step: str, bus: str
) -> None:
    die_and_go_on(child, shops[bus], nats_url, point, step)


@pytest.mark.soak
@pytest.mark.parametrize(("point", "step", "bus"), PRODUCT)
def test_a_purchase_survives_every_kill(
    child: Child, shops: dict[str, Shop], nats_url: str, point: str, step: str, bus: str
) -> None:
    die_and_go_on(child, shops[bus], nats_url, point, step)


def test_the_choice_has_every_pair_of_the_product() -> None:
    for one, other in combinations(range(3), 2):
        wanted = {(case[one], case[other]) for case in PRODUCT}
        assert {(case[one], case[other]) for case in CHOSEN} == wanted


def test_a_process_is_killed_at_every_point_there_is(shops: dict[str, Shop]) -> None:
    tried = {point for point, _, _ in CHOSEN}
    assert set(crash_points()) - {"part.done", "part.rested"} == tried | ELSEWHERE.keys()
    for file, how in ELSEWHERE.values():
        assert how in (Path(__file__).parent / file).read_text()
