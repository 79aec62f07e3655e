"""Access keys of the API, and their signatures."""
