"""Payments: orders, purchases, refunds, the ledger, payouts and coupons."""
