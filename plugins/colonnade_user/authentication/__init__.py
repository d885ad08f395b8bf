"""Authentication: from an access token to a principal, in every process that takes requests."""
