"""Tests of streaming SQL without Kafka: a driver in virtual time, and the runners of test files.

A test executes statements on a fresh engine over the simulated broker, pipes records in one at a
time, lets every query work them off, and looks at what appeared on the topics. May import the
engine and everything below it.
"""
