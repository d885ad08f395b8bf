"""Tokens: access tokens (JWT), refresh tokens and signing keys."""
