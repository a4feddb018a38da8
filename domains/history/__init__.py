"""The append-only ledger: every attempt, as it happened."""
