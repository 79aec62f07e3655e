"""Lambda handlers, one module for each function."""
