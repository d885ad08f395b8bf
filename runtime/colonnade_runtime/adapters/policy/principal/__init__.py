"""Proofs of what policies do with who asks, so that one answer serves all with the same roles."""
