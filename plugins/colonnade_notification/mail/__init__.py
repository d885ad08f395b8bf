"""Mail as it stands on the wire, and where it is handed over."""
