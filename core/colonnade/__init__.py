"""Colonnade: what a plugin may import.

Contracts and building blocks. Nothing here knows a service or a process; the runtime
(`colonnade_runtime`) turns what plugins declare with these into running processes.
"""
