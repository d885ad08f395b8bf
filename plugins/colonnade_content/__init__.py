"""Content: files, media and pages, kept, checked, rendered and served."""
