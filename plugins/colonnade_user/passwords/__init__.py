"""Passwords: rules, Argon2id hashing in turns, and stored credentials."""
