"""The channel of the app itself: the row is the message."""

from uuid import UUID

from colonnade_notification.api import ChannelInfo, DeliveryOutcome, OutgoingMessage, Sent


class InAppChannel:
    """Messages stay in the store, and `GET /api/v1/notifications` lists them."""

    info = ChannelInfo(name="in_app", mandatory=True, keeps=True, makes_sound=False)

    async def reaches(self, user_id: UUID) -> bool:
        """True for everybody."""
        return True

    async def send(self, message: OutgoingMessage) -> DeliveryOutcome:
        """Report it as sent: writing the row was the delivery."""
        return Sent()
