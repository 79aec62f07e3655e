"""Sources of the rules by which texts are classified, and the tools that build and fit them."""
