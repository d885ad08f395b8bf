"""Slows down who guesses and who floods, and nobody else; see docs/decisions/guessing.md."""
