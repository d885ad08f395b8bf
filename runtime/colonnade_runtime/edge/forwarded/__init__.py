"""Where a request came from, when others stand between the client and this process."""
