"""The refund saga: an amount is claimed, sent once, and booked."""
