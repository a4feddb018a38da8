"""The write path: request, execute, settle."""
