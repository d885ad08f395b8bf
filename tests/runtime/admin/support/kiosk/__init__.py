"""A service that sells newspapers: small, with an event, a reaction, sagas and an upload."""
