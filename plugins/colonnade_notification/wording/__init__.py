"""FilledTemplate of messages: kinds, templates, languages and the layout around them."""
