"""A small service for tests: a purchase as a saga, in a world that remembers what was done."""
