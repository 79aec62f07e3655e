"""The ledger table. The only package that knows its keys and attribute names."""
