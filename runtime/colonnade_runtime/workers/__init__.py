"""Processes apart, in which work that strangers choose is done within bounds."""
