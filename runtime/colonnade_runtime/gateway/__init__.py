"""The gateway: the one process in front, which finds out who hosts a path and forwards."""
