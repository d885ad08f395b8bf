"""Finds names in policies that nothing on the platform has."""

from colonnade_runtime.adapters.policy.vocabulary.misspelt_texts import (
    academies_of,
    inspect_vocabulary,
)

__all__ = ["academies_of", "inspect_vocabulary"]
