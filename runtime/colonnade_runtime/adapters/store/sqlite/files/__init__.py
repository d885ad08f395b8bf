"""SQLite files: paths, connections, damage, and how many are open."""
