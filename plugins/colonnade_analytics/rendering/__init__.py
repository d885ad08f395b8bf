"""Finished reports as bytes: JSON, CSV, SVG and PNG."""
