"""The HTTP edge: everything that happens before a service sees a request."""
