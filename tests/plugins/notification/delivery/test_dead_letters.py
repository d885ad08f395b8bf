"""Messages that were given up, as the platform's operators work on them."""

from typing import Any

import pytest
from notification_bench import NotificationBench

from colonnade.errors import Conflict
from colonnade_notification.api import ChannelInfo, DeliveryOutcome, OutgoingMessage, Refused, Sent
from colonnade_notification.delivery.dead_letters import DeliveryDeadLetters

LOST = DeliveryDeadLetters()


class Carrier:
    """A channel that refuses the first message it is given."""

    def __init__(self) -> None:
        self.info = ChannelInfo(name="carrier", seconds=0.5)
        self.given = 0

    async def reaches(self, user_id: Any) -> bool:
        return True

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        self.given += 1
        return Refused("no such street") if self.given == 1 else Sent()


async def test_what_was_given_up_waits_until_it_is_sent_again() -> None:
    async with NotificationBench(channels=[Carrier()]) as bench:
        ada = bench.account()
        await bench.welcome(ada)
        [row] = await bench.becomes("failed", "carrier")
        [lost] = await bench.run(lambda session: LOST.oldest(session, 10))
        assert (lost.id, lost.type, lost.error) == (row.id, "welcome by carrier", "no such street")
        assert await bench.run(lambda session: LOST.find(session, row.id)) == lost
        assert await bench.run(LOST.count) == 1
        assert lost.details["user_id"] == str(ada)
        assert "@" not in str({**lost.details, "message_id": ""}), "nothing personal"
        await bench.run(lambda session: LOST.replay(session, row.id))
        await bench.becomes("sent", "carrier")
        assert await bench.run(LOST.count) == 0
        with pytest.raises(Conflict, match="sent again or discarded already"):
            await bench.run(lambda session: LOST.replay(session, row.id))


async def test_what_was_discarded_stays_among_the_suppressed() -> None:
    async with NotificationBench(channels=[Carrier()]) as bench:
        await bench.welcome(bench.account())
        [row] = await bench.becomes("failed", "carrier")
        await bench.run(lambda session: LOST.discard(session, row.id))
        [kept] = await bench.becomes("suppressed", "carrier")
        assert (kept.id, kept.problem) == (row.id, "no such street")
        assert await bench.run(lambda session: LOST.find(session, row.id)) is None
        with pytest.raises(Conflict):
            await bench.run(lambda session: LOST.discard(session, row.id))
