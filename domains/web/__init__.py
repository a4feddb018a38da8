"""The pages: what a browser sees, and the fragments of it that are pushed."""
