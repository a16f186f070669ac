"""The durable broker inside the process."""
