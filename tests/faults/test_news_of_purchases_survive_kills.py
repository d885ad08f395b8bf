"""A whole platform that is killed in the middle of a purchase and started again: people hear of it
once on each channel, and it counts once."""

import asyncio
import email
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins" / "payment" / "support"))

from payment_academy import OWNER, Academy, make_site, running, until

from colonnade.context import Principal, PrincipalKind
from colonnade.money import Money
from colonnade_analytics.api import GetMetrics
from colonnade_notification.api import ListDeliveries
from colonnade_user.api import RegisterUser

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLED = -9
SERVICES = {"user", "course", "content", "payment", "notification", "analytics"}
KINDS = ("welcome", "payment_captured", "enrollment_activated")
WHERE = [
    "saga.acted:3",
    "saga.recorded:5",
    "relay.published:3",
    "delivery.reacted:2",
    "delivery.handled:6",
    "notification.sent:2",
]
"""In the purchase, in what events do, and in telling the buyer."""

Child = Callable[[Callable[[], None], str], int]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, UUID]:
    """A stopped platform with a published course."""
    folder = tmp_path_factory.mktemp("site")
    declaration = make_site(folder)

    async def prepare() -> UUID:
        async with running(declaration, services=SERVICES) as academy:
            return (await academy.course()).id

    return folder, asyncio.run(prepare())


def buying(folder: Path, course: UUID) -> Callable[[], None]:
    """A process in which somebody registers and buys, unless that was done, and hears of it."""

    async def main() -> None:
        async with running(folder / "platform.yaml", services=SERVICES) as academy:
            buyer = await registered(academy, folder / "buyer")
            order = await academy.order(buyer, course, key="the one order")
            await academy.settled(order)
            await expect_told_once(academy, buyer, folder)
            await expect_counted_once(academy)

    return lambda: asyncio.run(main())


async def registered(academy: Academy, note: Path) -> Principal:
    if not note.exists():
        words = "a password for Ada"
        account = RegisterUser(email="ada@learners.example", password=words, name="Ada")
        note.write_text(str((await academy.ask(Principal.anonymous(), account)).id))
    return Principal(PrincipalKind.USER, note.read_text(), ("learner",))


async def expect_told_once(academy: Academy, buyer: Principal, folder: Path) -> None:
    wanted = sorted((kind, channel) for kind in KINDS for channel in ("in_app", "email"))

    async def told() -> list[tuple[str, str]]:
        request = ListDeliveries(user_id=UUID(buyer.id), limit=100)
        items = (await academy.ask(OWNER, request)).items
        return sorted((one.kind, one.channel) for one in items if one.status == "sent")

    async def is_told() -> bool:
        return set(await told()) == set(wanted)

    await until(is_told)
    assert await told() == wanted
    mails = [
        email.message_from_bytes(path.read_bytes())
        for path in (folder / "var/mail/acme").glob("*.eml")
    ]
    mine = [mail["Message-ID"] for mail in mails if "ada@" in mail["To"]]
    assert len(mine) == len(set(mine)) == len(KINDS)


async def expect_counted_once(academy: Academy) -> None:
    revenue = [Money(amount=4900, currency="EUR").model_dump()]

    async def is_counted() -> bool:
        total = (await academy.ask(OWNER, GetMetrics())).total
        return total.enrolments >= 1 and bool(total.revenue)

    await until(is_counted)
    total = (await academy.ask(OWNER, GetMetrics())).total
    assert (total.enrolments, [one.model_dump() for one in total.revenue]) == (1, revenue)


@pytest.mark.parametrize("where", WHERE)
def test_a_purchase_is_told_and_counted_once_wherever_the_platform_is_killed(
    tmp_path: Path, child: Child, site: tuple[Path, UUID], where: str
) -> None:
    origin, course = site
    place = Path(shutil.copytree(origin, tmp_path / "site"))
    assert child(buying(place, course), where) == KILLED
    assert child(buying(place, course), "") == 0
