"""How fast it is, as ratios against limits and peers that were measured in the same run."""
