"""Carpentries lessons: a lesson folder read into plain data."""
