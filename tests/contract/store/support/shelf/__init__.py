"""A small service that tests keep in stores: books, their pages and loans."""
