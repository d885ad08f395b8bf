"""PostgreSQL: a schema for each tenant of a service."""
