"""The REST API and headless clusters of instances: a room that a later issue fills.

May import ``engine`` and everything below it.
"""
