"""Pages for people, and what browsers and crawlers ask beside them."""
