"""YAML files of a declaration: from bytes to values that know their place."""
