"""Confirmations: resets, verified addresses, registrations and invitations, by a link in a mail."""
