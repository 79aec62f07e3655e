"""The events that the functions publish, as models and as the JSON schemas that are generated from them."""
