"""Settings, and the objects that each function is made of."""
