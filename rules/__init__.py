"""Sources of the classification rules, and the tools that build and fit them."""
