"""How the tables of the certificates service came to be."""
