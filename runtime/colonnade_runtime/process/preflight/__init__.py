"""What `run` would refuse, found without running: `colonnade check`, and before a reload.

Import its modules: `machine` looks at the machine alone, `start` brings the whole runtime with it.
"""
