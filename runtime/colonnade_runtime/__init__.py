"""The runtime: turns declarations into running processes. Plugins never import it."""

# Before any other module in C++ (greenlet is one, and structlog imports it where it is installed):
# the policy engine brings an allocator of its own. Loaded second, it shares a standard library
# that was bound to another one, and every decision loses two megabytes for good.
import regopy as _regopy  # noqa: F401
