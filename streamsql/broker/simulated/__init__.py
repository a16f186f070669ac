"""A broker in memory whose faults are chosen by seed."""
