"""Policy engines: the embedded one, an OPA server, and what it takes to trust either."""
