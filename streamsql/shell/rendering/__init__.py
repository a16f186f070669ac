"""Results, progress and errors on a terminal or a pipe."""
