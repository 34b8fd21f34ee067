"""``awsprof account create``: from an empty organization to an account one works in."""
