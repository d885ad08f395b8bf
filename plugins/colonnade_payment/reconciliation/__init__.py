"""Reconciliation with providers: notices, late authorisations, purchases cut short."""
