"""Privacy of counted people: numbers in place of ids, and numbers too small to be shown."""
