"""Handlers: what each operation of the payment service does, one module a noun."""
