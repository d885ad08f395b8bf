"""Rules of the plugin contract, one module a subject."""
