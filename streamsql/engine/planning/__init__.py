"""From text to what is carried out: pure, and done once for each statement."""
