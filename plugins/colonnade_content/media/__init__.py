"""Media: variants of pictures and sanitised drawings, made in the background."""
