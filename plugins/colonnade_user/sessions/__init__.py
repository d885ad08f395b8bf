"""Sessions: families of refresh tokens in the store."""
