"""What operators see of a process: its lines, and what it counts."""
