"""Grants that operators confirm: of other services' actions, and to anonymous principals."""
