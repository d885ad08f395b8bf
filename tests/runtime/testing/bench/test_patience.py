"""Patience of a bench: reactions that another service keeps from their work are tried again."""

from uuid import UUID, uuid4

import pytest
from parcels import plugin, service
from parcels.api import Delivered
from parcels.models import ParcelRow

from colonnade.errors import Unavailable
from colonnade.store import Session
from colonnade_runtime.testing import ServiceBench


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> list[Unavailable]:
    """What a parcel's reactions raise, one after the other, before they do their work."""
    raised = [Unavailable("Nobody is there."), Unavailable("Nobody is there.")]
    found = service.found

    def found_later(session: Session, parcel_id: UUID) -> ParcelRow:
        if raised:
            raise raised.pop()
        row: ParcelRow = found(session, parcel_id)
        return row

    monkeypatch.setattr(service, "found", found_later)
    return raised


def add(session: Session, parcel_id: UUID, now) -> None:  # type: ignore[no-untyped-def]
    session.add(ParcelRow(id=parcel_id, address="Bath", status="kept", kept_until=now))


async def test_a_service_that_is_away_is_waited_for(away: list[Unavailable]) -> None:
    parcel_id = uuid4()
    async with ServiceBench(plugin, patience=20.0) as bench:
        await bench.run(lambda session: add(session, parcel_id, session.now))
        await bench.deliver(Delivered(parcel_id=parcel_id))
        row = await bench.read(lambda session: session.get_one(ParcelRow, parcel_id))
        assert row.status == "delivered"
    assert away == []


async def test_without_patience_the_event_is_given_up_at_once(away: list[Unavailable]) -> None:
    async with ServiceBench(plugin) as bench:
        with pytest.raises(Unavailable):
            await bench.deliver(Delivered(parcel_id=uuid4()))
        [letter] = await bench.dead_letters()
        assert letter.attempts == 1
    assert len(away) == 1
