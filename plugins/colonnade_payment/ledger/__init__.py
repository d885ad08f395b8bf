"""The ledger: double-entry journals, balances, and the split of amounts."""
