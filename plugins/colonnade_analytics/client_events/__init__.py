"""What people's apps send of what they do: taken in, bounded, and kept for a while."""
