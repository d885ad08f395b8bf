"""Reports: the kinds there are, what they are made from, and the steps that make them."""
