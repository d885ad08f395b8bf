"""The connection to NATS servers and the requests of JetStream's API."""
