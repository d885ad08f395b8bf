"""Preflight: the refusals of `run`, found without running. For `colonnade check` and reload.

Import its modules: `machine` looks at the machine alone, `start` brings the whole runtime with it.
"""
