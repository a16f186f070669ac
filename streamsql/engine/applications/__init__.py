"""What runs: queries, workers, processes."""
