"""Delivery of a committed event: its one effect, or a dead letter."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from ledger.api import Deposited
from ledger.house import House, Ledger

from colonnade.errors import Conflict, InternalError, NotFound, Unavailable
from colonnade.events import Envelope, event_source, handled_envelope
from colonnade_runtime.calls.tenant_states import TenantState


def deposit(number: int = 1, account: str = "a") -> Deposited:
    return Deposited(account=account, amount=100, number=number)


def envelope(**changes: object) -> bytes:
    values: dict[str, object] = {
        "id": uuid4(),
        "source": event_source(str(changes.get("tenant", "acme")), "ledger"),
        "type": "colonnade.ledger.Deposited.v1",
        "subject": "a",
        "time": datetime.now(UTC),
        "tenant": "acme",
        "data": msgspec.Raw(deposit().encode()),
    }
    return Envelope(**{**values, **changes}).encode()  # type: ignore[arg-type]


async def publish(house: House, data: bytes) -> None:
    await house.bus.publish("colonnade.ledger.Deposited.v1", "acme/a", "id", data)


async def dead_letters(house: House, tenant: str = "acme") -> list[object]:
    return list(await house.delivery.dead_letters(tenant))


async def test_a_committed_event_is_handled_by_every_reaction(house: House) -> None:
    await house.deposit("acme", deposit())
    await house.until_sent("acme")
    assert await house.entries("acme", "book") == [1]
    assert await house.entries("acme", "confirm") == [1]


async def test_events_of_one_key_are_handled_in_the_order_they_were_committed(
    house: House,
) -> None:
    await house.deposit("acme", *(deposit(number) for number in range(20)))
    await house.until_sent("acme")
    assert await house.entries("acme") == list(range(20))


async def test_an_event_delivered_again_has_no_second_effect(house: House, ledger: Ledger) -> None:
    data = envelope()
    await publish(house, data)
    await publish(house, data)
    assert await house.entries("acme", "book") == [1]
    assert await house.entries("acme", "confirm") == [1]
    assert ledger.outside == [1]
    assert house.delivery.counts.repeated == 2


async def test_an_event_of_one_tenant_has_no_effect_in_another(house: House) -> None:
    await house.deposit("acme", deposit())
    await house.until_sent("acme")
    assert await house.entries("globex") == []


async def test_a_reaction_acts_as_its_service_in_the_events_tenant(
    house: House, ledger: Ledger
) -> None:
    from colonnade.context import Context, current_context

    seen: list[Context] = []

    async def look(event: Deposited) -> None:
        seen.append(current_context())

    ledger.before = look
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    identifier = uuid4()
    await publish(house, envelope(id=identifier, traceparent=trace))
    (context,) = seen
    assert context.tenant == "acme"
    assert context.principal.id == "service:ledger"
    assert context.request_id == str(identifier)
    assert context.traceparent.startswith("00-" + "a" * 32)
    assert context.traceparent != trace


async def test_a_reaction_that_fails_is_tried_again(house: House, ledger: Ledger) -> None:
    failures = [ValueError("first"), ValueError("second")]

    def fail(event: Deposited) -> None:
        if failures:
            raise failures.pop()

    ledger.fail = fail
    await house.deposit("acme", deposit())
    await house.until_sent("acme")
    assert await house.entries("acme") == [1]
    assert await dead_letters(house) == []


async def test_a_reaction_that_keeps_failing_ends_as_a_dead_letter(
    house: House, ledger: Ledger
) -> None:
    def fail(event: Deposited) -> None:
        raise ValueError("never")

    ledger.fail = fail
    await house.deposit("acme", deposit())
    await house.until_sent("acme")
    (letter,) = await house.delivery.dead_letters("acme")
    assert letter.consumer == "ledger:Ledger.book"
    assert letter.error == "ValueError: never"
    assert letter.attempts == 3
    assert await house.entries("acme", "confirm") == [1]


async def test_unavailable_says_that_nothing_happened_and_is_not_counted(
    house: House, ledger: Ledger
) -> None:
    left = [None] * 6

    def fail(event: Deposited) -> None:
        if left:
            left.pop()
            raise Unavailable("Not now.")

    ledger.fail = fail
    await house.deposit("acme", deposit())
    await house.until_sent("acme")
    assert await house.entries("acme") == [1]
    assert await dead_letters(house) == []


async def test_a_dead_letter_is_not_tried_again_by_a_redelivery(
    house: House, ledger: Ledger
) -> None:
    def fail(event: Deposited) -> None:
        raise ValueError("never")

    ledger.fail = fail
    data = envelope()
    await publish(house, data)
    ledger.fail = lambda event: None
    await publish(house, data)
    assert await house.entries("acme") == []
    assert len(await dead_letters(house)) == 1


class TestReplaying:
    """Dead letters in the operator's hands."""

    @pytest.fixture
    async def letter(self, house: House, ledger: Ledger) -> object:
        def fail(event: Deposited) -> None:
            raise ValueError("never")

        ledger.fail = fail
        await publish(house, envelope())
        (letter,) = await house.delivery.dead_letters("acme")
        return letter.id

    async def test_a_replay_has_the_effect_once(
        self, house: House, ledger: Ledger, letter: object
    ) -> None:
        ledger.fail = lambda event: None
        await house.delivery.replay("acme", letter)  # type: ignore[arg-type]
        assert await house.entries("acme") == [1]
        assert await dead_letters(house) == []

    async def test_a_second_replay_is_refused(
        self, house: House, ledger: Ledger, letter: object
    ) -> None:
        ledger.fail = lambda event: None
        await house.delivery.replay("acme", letter)  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            await house.delivery.replay("acme", letter)  # type: ignore[arg-type]
        assert await house.entries("acme") == [1]

    async def test_two_replays_at_once_have_one_effect(
        self, house: House, ledger: Ledger, letter: object
    ) -> None:
        ledger.fail = lambda event: None
        answers = await asyncio.gather(
            house.delivery.replay("acme", letter),  # type: ignore[arg-type]
            house.delivery.replay("acme", letter),  # type: ignore[arg-type]
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in answers) == [
            "AlreadyReplayed",
            "NoneType",
        ]
        assert await house.entries("acme") == [1]

    async def test_a_replay_that_fails_keeps_the_letter_with_the_new_error(
        self, house: House, ledger: Ledger, letter: object
    ) -> None:
        def fail(event: Deposited) -> None:
            raise KeyError("still")

        ledger.fail = fail
        with pytest.raises(Conflict, match="failed again"):
            await house.delivery.replay("acme", letter)  # type: ignore[arg-type]
        kept = await house.delivery.dead_letter("acme", letter)  # type: ignore[arg-type]
        assert kept.error == "KeyError: 'still'"
        assert kept.attempts == 4
        assert kept.replayed_at is None

    async def test_a_discarded_letter_is_gone_and_its_event_counts_as_handled(
        self, house: House, ledger: Ledger, letter: object
    ) -> None:
        await house.delivery.discard("acme", letter)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await house.delivery.dead_letter("acme", letter)  # type: ignore[arg-type]
        assert await house.entries("acme") == []

    async def test_a_letter_of_another_tenant_is_not_found(
        self, house: House, letter: object
    ) -> None:
        with pytest.raises(NotFound):
            await house.delivery.replay("globex", letter)  # type: ignore[arg-type]


class TestOddEnvelopes:
    """Envelopes that arrive and cannot be given to a reaction."""

    @pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b"[1]", b'{"id": "x"}'])
    async def test_an_unreadable_envelope_is_kept_in_the_control_store(
        self, house: House, data: bytes
    ) -> None:
        await publish(house, data)
        letters = await house.control.dead_letters()
        assert {(letter.source, letter.payload) for letter in letters} == {
            ("ledger:Ledger.book", data),
            ("ledger:Ledger.confirm", data),
        }

    @pytest.mark.parametrize("tenant", ["", "nobody", "../acme", "ACME"])
    async def test_an_event_of_no_known_tenant_is_kept_in_the_control_store(
        self, house: House, tenant: str
    ) -> None:
        house.states["nobody"] = TenantState.UNKNOWN
        await publish(house, envelope(tenant=tenant))
        letters = await house.control.dead_letters()
        assert len(letters) == 2
        assert "not known" in letters[0].error

    @pytest.mark.parametrize(
        "changes",
        [
            {"source": "/colonnade/acme/payment"},
            {"source": "/colonnade/globex/ledger"},
            {"source": "/colonnade/acme/ledger/more"},
            {"source": ""},
            {"type": "colonnade.ledger.Withdrawn.v1"},
            {"type": "colonnade.payment.Deposited.v1"},
            {"type": "colonnade.ledger.Deposited.v2"},
        ],
    )
    async def test_an_event_that_came_another_way_than_it_says_has_no_effect(
        self, house: House, changes: dict[str, str]
    ) -> None:
        data = envelope(**changes)
        await publish(house, data)
        assert await house.entries("acme") == []
        letters = await house.control.dead_letters()
        assert {letter.payload for letter in letters} == {data}
        assert next(iter(changes.values())) in letters[0].error
        # Nor has it one by way of a replay.
        with pytest.raises(Conflict, match="Find out who published it"):
            await house.delivery.deliver_again("ledger:Ledger.book", data)

    async def test_data_that_does_not_fit_the_contract_is_a_dead_letter_at_once(
        self, house: House
    ) -> None:
        await publish(house, envelope(data=msgspec.Raw(b'{"account": 1}')))
        letters = await house.delivery.dead_letters("acme")
        assert len(letters) == 2
        assert letters[0].attempts == 0
        assert "ValidationError" in letters[0].error

    async def test_events_of_a_suspended_tenant_wait(self, house: House) -> None:
        house.states["acme"] = TenantState.SUSPENDED
        with pytest.raises(Unavailable):
            await publish(house, envelope())
        house.states["acme"] = TenantState.ACTIVE
        await publish(house, envelope())
        assert await house.entries("acme") == [1]

    async def test_a_tenant_without_the_service_is_passed_over(self, house: House) -> None:
        house.states["acme"] = TenantState.DISABLED
        await publish(house, envelope())
        assert await house.entries("acme") == []
        assert house.delivery.counts.passed_over == 2

    async def test_an_event_older_than_the_inbox_remembers_is_not_guessed_at(
        self, house: House
    ) -> None:
        await publish(house, envelope(time=datetime.now(UTC) - timedelta(days=31)))
        assert await house.entries("acme") == []
        letters = await house.delivery.dead_letters("acme")
        assert "TooOld" in letters[0].error


async def test_a_stop_returns_what_waits_and_writes_no_dead_letter(
    house: House, ledger: Ledger
) -> None:
    failed = asyncio.Event()

    def fail(event: Deposited) -> None:
        house.actor.clock.now()
        failed.set()
        raise Unavailable("Not now.")

    ledger.fail = fail
    publishing = asyncio.create_task(publish(house, envelope()))
    await asyncio.wait_for(failed.wait(), 5)
    house.delivery.stop()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(publishing, 5)
    assert await dead_letters(house) == []


async def test_the_inbox_forgets_what_is_older_than_its_memory(house: House) -> None:
    await publish(house, envelope())
    assert await house.delivery.prune_inbox("acme") == 0


async def test_a_reaction_knows_the_id_of_its_event_and_when_it_was_committed(
    house: House, ledger: Ledger
) -> None:
    seen: list[Envelope] = []
    ledger.fail = lambda event: seen.append(handled_envelope())
    identifier, moment = uuid4(), datetime.now(UTC) - timedelta(days=3)
    await publish(house, envelope(id=identifier, time=moment))
    assert [(item.id, item.time) for item in seen] == [(identifier, moment)]


def test_outside_a_reaction_there_is_no_event_at_hand() -> None:
    with pytest.raises(InternalError, match="outside a reaction"):
        handled_envelope()
