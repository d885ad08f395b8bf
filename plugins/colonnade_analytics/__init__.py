"""Analytics: what happened in an academy, counted."""
