"""The purchase saga, and the rule that a buyer has one purchase of a course at a time."""
