"""Sanitising SVG: parser, vocabulary, style grammar and writer."""
