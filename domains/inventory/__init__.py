"""What is known of hosts and domains: compare-and-swap writes, and whose doing each difference is."""
