"""Handlers: what each operation of the content service does, one module a noun."""
