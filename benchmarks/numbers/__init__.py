"""One module a subject; each has `measure()`, which yields the figures it was asked for."""
