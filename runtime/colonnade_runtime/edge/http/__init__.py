"""HTTP requests in a process that hosts services: tenant, principal, route, answer."""
