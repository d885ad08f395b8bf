"""Outline: the order of sections in a course and of lessons in a section."""
