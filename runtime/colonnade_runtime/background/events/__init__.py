"""Events on their way: out of the outbox, over the bus, into the inbox, or to the dead letters."""
