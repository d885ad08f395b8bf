"""Network addresses and host names as text."""
