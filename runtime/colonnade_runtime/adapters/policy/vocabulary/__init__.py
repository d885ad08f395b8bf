"""Vocabulary of policies: texts in them that name nothing on the platform."""
