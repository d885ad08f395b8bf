"""E-mail: the message on the wire, the transports that take it, and the channel itself."""
