"""Throttling of guessing and flooding; docs/decisions/guessing.md says how and why."""
