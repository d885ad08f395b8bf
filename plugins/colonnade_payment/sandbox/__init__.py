"""The sandbox: a payment provider for development and tests. No money moves."""
