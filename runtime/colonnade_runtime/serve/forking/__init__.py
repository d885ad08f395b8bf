"""Processes of `colonnade up` forked from one that has imported what they use."""
