"""Finds names in policies that nothing on the platform has."""

from colonnade_runtime.adapters.policy.vocabulary.inspection import inspect_vocabulary

__all__ = ["inspect_vocabulary"]
