"""Forwarded requests: the client of a request that came through proxies (RFC 7239)."""
