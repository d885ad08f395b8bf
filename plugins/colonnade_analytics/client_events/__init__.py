"""Client events: what apps send of their people, bounded, counted, and kept for a while."""
