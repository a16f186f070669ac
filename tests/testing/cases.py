"""Query-validation tests of our own: a few that pass, for the tests of their runner."""

from pathlib import Path

from streamsql.testing.qtt.case import QttCase, read_cases

OWN = Path(__file__).with_name("own.json")


def passing_cases() -> list[QttCase]:
    """Return the cases."""
    return read_cases(OWN)
