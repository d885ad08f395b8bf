"""Health endpoints: `/livez`, `/readyz` and `/metrics`, and the checks behind them."""
