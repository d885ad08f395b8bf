"""Messages that were given up, as the platform's operators work on them."""

from pathlib import Path
from typing import Any

import pytest
from notification_house import House

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


async def test_what_was_given_up_waits_until_it_is_sent_again(tmp_path: Path) -> None:
    async with House(tmp_path, channels=[Carrier()]).running() as house:
        ada = house.person()
        await house.welcome(ada)
        [row] = await house.becomes("failed", "carrier")
        [lost] = await house.run(lambda session: LOST.oldest(session, 10))
        assert (lost.id, lost.type, lost.error) == (row.id, "welcome by carrier", "no such street")
        assert await house.run(lambda session: LOST.find(session, row.id)) == lost
        assert await house.run(LOST.count) == 1
        assert lost.details["user_id"] == str(ada)
        assert "@" not in str({**lost.details, "message_id": ""}), "nothing personal"
        await house.run(lambda session: LOST.replay(session, row.id))
        await house.becomes("sent", "carrier")
        assert await house.run(LOST.count) == 0
        with pytest.raises(Conflict, match="sent again or discarded already"):
            await house.run(lambda session: LOST.replay(session, row.id))


async def test_what_was_discarded_stays_among_the_suppressed(tmp_path: Path) -> None:
    async with House(tmp_path, channels=[Carrier()]).running() as house:
        await house.welcome(house.person())
        [row] = await house.becomes("failed", "carrier")
        await house.run(lambda session: LOST.discard(session, row.id))
        [kept] = await house.becomes("suppressed", "carrier")
        assert (kept.id, kept.problem) == (row.id, "no such street")
        assert await house.run(lambda session: LOST.find(session, row.id)) is None
        with pytest.raises(Conflict):
            await house.run(lambda session: LOST.discard(session, row.id))
