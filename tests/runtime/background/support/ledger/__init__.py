"""A small service for tests: deposits are events, balances are what reactions make of them."""
