"""Files: names, media types, uploads, downloads in ranges, and bytes without a row."""
