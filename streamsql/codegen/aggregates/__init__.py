"""The aggregates of one GROUP BY as functions over one state."""
