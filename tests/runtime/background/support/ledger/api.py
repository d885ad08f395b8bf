"""The contract of the ledger."""

from colonnade.events import Event, event


@event("ledger", key="account")
class Deposited(Event):
    """Money came in."""

    account: str
    amount: int
    number: int = 0
