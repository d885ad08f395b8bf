"""The policy engine of OPA servers: modules put there, watched, and asked over HTTP."""
