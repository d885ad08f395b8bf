"""Stripe as a payment provider: an optional plugin for the payment service."""
