"""Acting for a service by itself: its context, its use of stores, its lease."""
