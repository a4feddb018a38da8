"""Exports of the ledger: files that prove by themselves what stands in them."""
