"""The API's access keys and signatures."""
