"""Web push (RFC 8030): subscriptions' endpoints, encryption and the channel itself."""
