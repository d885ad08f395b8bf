"""Policy engines: the embedded one, and what it takes to trust it."""
