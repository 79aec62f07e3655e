"""The API's access keys, and the signatures made with them."""
