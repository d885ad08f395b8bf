"""Puts a process together from its declaration: one module for each part that it is made of."""
