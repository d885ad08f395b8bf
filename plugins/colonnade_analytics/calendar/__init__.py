"""Time as counts need it: instants as whole numbers, and local days, weeks and months."""
