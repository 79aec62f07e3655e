"""RetentionFunction: takes out texts whose time is over."""
