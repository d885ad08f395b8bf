"""Rego as text: tokens, rules and packages, and checks on them before an engine reads them."""
