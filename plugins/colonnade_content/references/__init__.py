"""References: files and pictures that an item shows, and external ids."""
