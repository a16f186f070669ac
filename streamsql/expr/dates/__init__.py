"""Dates, times and zones as Java and ksqlDB read and print them."""
