"""A small service for tests of the bench: parcels that are kept until they are fetched."""
