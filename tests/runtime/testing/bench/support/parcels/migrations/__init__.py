"""The schema of the parcels."""
