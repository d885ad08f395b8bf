"""Waiting, back-off and circuit breakers, shared by everything that talks to others."""
