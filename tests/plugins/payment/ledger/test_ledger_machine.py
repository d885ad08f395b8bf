"""A machine that sells, refunds, hears from the provider in any order and pays out, and checks
the ledger after every step."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from payment_academy import OWNER, Academy, Sold, make_site, running

from colonnade.errors import ColonnadeError
from colonnade.identifiers import new_id
from colonnade.money import Money
from colonnade_payment.api import (
    ApprovePayout,
    BalanceTooLow,
    MarkPayoutPaid,
    Outcome,
    Payment,
    Payout,
    ProviderAction,
    ProviderRecord,
    RefundTooLarge,
    RejectPayout,
    RequestPayout,
)
from colonnade_payment.ledger.split import split_sale

pytestmark = pytest.mark.slow

PRICE = 1001
SHARE = 70
METHODS = ["tok_ok", "tok_timeout", "tok_declined", "tok_capture_declined", "tok_refund_timeout"]


class LedgerMachine(RuleBasedStateMachine):
    """One course with two teachers; what should be true of its money is kept beside the ledger."""

    runner: ClassVar[asyncio.Runner]
    academy: ClassVar[Academy]

    @initialize()
    def open_shop(self) -> None:
        self.sold: Sold = self.do(self.academy.course(price=PRICE, teachers=2))
        self.payments: list[Payment] = []
        self.payouts: list[Payout] = []
        self.refunded: dict[Any, int] = {}
        self.refunds = 0
        self.paid_out = {teacher.id: 0 for teacher in self.sold.teachers}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @rule(method=st.sampled_from(METHODS))
    def buy(self, method: str) -> None:
        payment = self.do(self.academy.bought(self.sold.id, method))
        refused = method in ("tok_declined", "tok_capture_declined")
        assert payment.status == ("declined" if refused else "captured")
        if not refused:
            self.payments.append(payment)
            self.refunded[payment.id] = 0

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), amount=st.integers(1, PRICE + 1))
    def refund(self, data: st.DataObject, amount: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        if amount > PRICE - self.refunded[payment.id]:
            with pytest.raises(RefundTooLarge):
                self.do(self.academy.refund(payment, amount))
            return
        assert self.do(self.academy.refunded(payment, amount)).status == "succeeded"
        self.refunded[payment.id] += amount
        self.refunds += 1

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), amount=st.integers(1, PRICE))
    def refund_twice_at_once(self, data: st.DataObject, amount: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))

        async def both() -> list[Any]:
            asked = (self.academy.refund(payment, amount) for _ in range(2))
            results = await asyncio.gather(*asked, return_exceptions=True)
            refunds = [item for item in results if not isinstance(item, ColonnadeError)]
            for refund in refunds:
                await self.academy.idle(refund.id)
            return refunds

        left = PRICE - self.refunded[payment.id]
        refunds = self.do(both())
        assert len(refunds) == min(2, left // amount)
        self.refunded[payment.id] += amount * len(refunds)
        self.refunds += len(refunds)

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def webhooks_come_late_twice_and_in_any_order(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        acts = list(self.do(self.academy.acts(payment)))
        for act in data.draw(st.permutations(acts * 2)):
            self.do(self.academy.webhook(act))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), amount=st.integers(1, PRICE))
    def the_provider_refunds_by_itself(self, data: st.DataObject, amount: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        act = self.do(self.academy.acts(payment))[0]
        money = Money(amount=amount, currency="EUR")
        record = ProviderRecord(
            ProviderAction.REFUND, Outcome.SUCCEEDED, f"own_{new_id().hex}", money
        )
        notice = replace(act, key="dashboard", record=record)
        for _ in range(2):
            self.do(self.academy.webhook(notice))
        if amount <= PRICE - self.refunded[payment.id]:
            self.refunded[payment.id] += amount
            self.refunds += 1

    @rule(data=st.data(), amount=st.integers(1, 2000))
    def ask_for_a_payout(self, data: st.DataObject, amount: int) -> None:
        teacher = data.draw(st.sampled_from(self.sold.teachers))
        money = Money(amount=amount, currency="EUR")
        earned = self.do(self.academy.earned(teacher))
        ask = self.academy.ask(teacher, RequestPayout(amount=money), new_id().hex)
        if amount < 100 or amount > earned:
            with pytest.raises(BalanceTooLow):
                self.do(ask)
            return
        self.payouts.append(self.do(ask))
        self.paid_out[teacher.id] += amount

    @precondition(lambda self: self.payouts)
    @rule(pay=st.booleans())
    def decide_on_a_payout(self, pay: bool) -> None:
        payout = self.payouts.pop()
        if pay:
            self.do(self.academy.ask(OWNER, ApprovePayout(payout_id=payout.id)))
            paid = MarkPayoutPaid(payout_id=payout.id, reference="SEPA")
            assert self.do(self.academy.ask(OWNER, paid)).status == "paid"
            return
        reject = RejectPayout(payout_id=payout.id, reason="Not now.")
        self.do(self.academy.ask(OWNER, reject))
        self.paid_out[str(payout.instructor_id)] -= payout.amount.amount

    @invariant()
    def every_journal_and_all_of_them_sum_to_zero(self) -> None:
        balances = self.do(self.academy.balances())
        assert sum(item.balance.amount for item in balances.values()) == 0
        for payment in getattr(self, "payments", []):
            for journal in self.do(self.academy.journals(payment)):
                assert sum(line.amount.amount for line in journal.postings) == 0

    @invariant()
    def payments_say_what_was_refunded(self) -> None:
        for payment in getattr(self, "payments", []):
            refunded = self.refunded[payment.id]
            after = self.do(self.academy.payment(payment.id))
            assert after.refunded.amount == refunded <= PRICE
            wanted = {0: "captured", PRICE: "refunded"}.get(refunded, "partially_refunded")
            assert after.status == wanted

    @invariant()
    def teachers_have_their_shares_less_refunds_and_payouts(self) -> None:
        if not hasattr(self, "payments"):
            return
        people = [teacher.id for teacher in self.sold.teachers]
        _, shares = split_sale(PRICE, [type(self.sold.id)(one) for one in people], SHARE)
        kept = sum(PRICE - refunded for refunded in self.refunded.values())
        balances = self.do(self.academy.balances())
        for teacher in people:
            account = balances.get(f"instructor:{teacher}")
            earned = account.balance.amount if account else 0
            share = shares[type(self.sold.id)(teacher)]
            exact = share * kept / PRICE - self.paid_out[teacher]
            # Each refund and each sale rounds by less than one unit.
            assert abs(earned - exact) <= self.refunds + len(self.payments)
            if kept == 0:
                assert earned == -self.paid_out[teacher]


@pytest.mark.parametrize("examples", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_the_ledger_is_right_after_every_step(examples: int) -> None:
    with asyncio.Runner() as runner, TemporaryDirectory() as folder:
        platform = running(make_site(Path(folder)))
        LedgerMachine.runner, LedgerMachine.academy = runner, runner.run(platform.__aenter__())
        try:
            machine = settings(max_examples=examples, stateful_step_count=12)
            LedgerMachine.TestCase.settings = machine
            case = LedgerMachine.TestCase()
            case.runTest()
        finally:
            runner.run(platform.__aexit__(None, None, None))
