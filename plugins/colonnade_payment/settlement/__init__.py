"""Settlement: payments captured, ended or completed, with ledger, coupons and events."""
