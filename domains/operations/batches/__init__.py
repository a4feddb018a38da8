"""One change asked of many guests: planned, run a few at a time, stopped, and retried where it failed."""
