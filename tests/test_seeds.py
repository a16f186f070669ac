"""A random test that fails says how to repeat it, and is repeated by that."""

import shlex
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

RANDOM = """
import pytest

@pytest.mark.parametrize("form", ["one two"])
def test_odd(form, seeds):
    for seed in seeds(200):
        assert seed % 2

def test_even(seed):
    assert False
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_random=RANDOM)
    return pytester


def test_a_failure_prints_the_line_that_repeats_it(suite: pytest.Pytester) -> None:
    lines = [
        line
        for line in suite.runpytest_inprocess("test_random.py").outlines
        if line.startswith("pytest ")
    ]
    assert len(lines) == 2
    for line in lines:
        again = suite.runpytest_inprocess(*shlex.split(line)[1:])
        again.assert_outcomes(failed=1)
        assert line in again.outlines
