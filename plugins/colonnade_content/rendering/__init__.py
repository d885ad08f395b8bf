"""Making HTML of what authors wrote, within bounds, and keeping it."""
