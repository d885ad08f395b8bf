"""Analytics service: events of an academy, counted, shown as metrics and reports."""
