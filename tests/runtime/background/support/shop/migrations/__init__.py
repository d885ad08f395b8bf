"""The schema of the shop, step by step."""
