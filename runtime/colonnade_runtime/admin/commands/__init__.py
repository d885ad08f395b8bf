"""Commands of the admin socket, one module a family."""
