"""Examination of a plugin: what it declares, a trial run of it, and its routes asked."""
