"""The HTTP edge: everything a request meets in every process that hosts services."""
