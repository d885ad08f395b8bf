"""Shares wait until their hold period is over."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from payment_academy import Academy, make_site, running

from colonnade.identifiers import new_id
from colonnade_payment.api import BalanceTooLow, ListBalances, RequestPayout

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def holding(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Academy]:
    site = make_site(tmp_path_factory.mktemp("site"), hold="7d", share=50)
    async with running(site) as started:
        yield started


async def test_recent_shares_are_held_less_what_refunds_took(holding: Academy) -> None:
    course = await holding.course(price=1000)
    [teacher] = course.teachers
    payment = await holding.bought(course.id)
    await holding.refunded(payment, 400)
    [balance] = (await holding.ask(teacher, ListBalances())).items
    assert (balance.balance.amount, balance.held.amount, balance.available.amount) == (300, 300, 0)
    with pytest.raises(BalanceTooLow):
        await holding.ask(teacher, RequestPayout(), new_id().hex)
