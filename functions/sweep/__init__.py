"""SweepFunction: does the work that is due."""
