"""The events of the shelf."""

from uuid import UUID

from colonnade.events import Event, event


@event("shelf", key="book_id")
class BookAdded(Event):
    """A book was put on a shelf."""

    book_id: UUID
