"""Telling open pages what has changed: keys through Redis, fragments rendered once in each web process."""
