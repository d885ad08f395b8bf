"""Adapters that ship with the runtime, one package per port."""
