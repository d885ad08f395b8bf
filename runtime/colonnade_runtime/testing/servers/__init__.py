"""Real servers for tests: found or built, started on free loopback ports, stopped after.

The product depends on none of this. To add a server, add one row to `server_kinds.KINDS`.
"""

from colonnade_runtime.testing.servers.binaries import MissingServer, find_program
from colonnade_runtime.testing.servers.server_kinds import KINDS, ServerKind
from colonnade_runtime.testing.servers.server_process import RunningServer, running_server

__all__ = [
    "KINDS",
    "MissingServer",
    "RunningServer",
    "ServerKind",
    "find_program",
    "running_server",
]
