"""Discovery: which process hosts which service, and where it answers."""
