"""Which passwords people may choose."""
