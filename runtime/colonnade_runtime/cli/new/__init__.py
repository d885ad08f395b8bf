"""`colonnade new`: a site, a tenant or a plugin to start from."""
