"""Whatever happens to workers, what an application commits is what it commits in peace."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.runtime.scenarios import SCENARIOS
from tests.runtime.simulation import Outcome, Setting, Simulation

_SEEDS = 3
_MANY_SEEDS = int(os.environ.get("STREAMSQL_SIMULATION_SEEDS", "20"))


@cache
def _in_peace(name: str, partitions: int) -> Outcome:
    setting = Setting(partitions=partitions, keeps_state=True, faults=False)
    return Simulation(SCENARIOS[name], setting, seed=0).run()


def _setting(choose: random.Random, directory: Path) -> Setting:
    keeps_state = choose.random() < 0.4
    return Setting(
        partitions=choose.choice((1, 3)),
        workers=choose.choice((1, 2, 3)),
        keeps_state=keeps_state,
        cache_bytes=choose.choice((0, 0, 10_000)),
        state=None if keeps_state or choose.random() < 0.4 else directory,
        one_host=choose.random() < 0.5,
    )


def _check(name: str, seed: int, directory: Path) -> None:
    setting = _setting(random.Random(seed), directory)
    print(f"scenario {name}, seed {seed}: {setting}")
    outcome = Simulation(SCENARIOS[name], setting, seed).run()
    print("\n".join(outcome.happened))
    peaceful = _in_peace(name, setting.partitions)
    assert outcome.state == peaceful.state
    assert outcome.last() == peaceful.last()
    if not SCENARIOS[name].ordered and setting.partitions > 1:
        return
    if setting.cache_bytes == 0:
        assert outcome.output == peaceful.output
        if name == "stateless":
            assert outcome.order == peaceful.order
    else:
        for key, values in outcome.output.items():
            _assert_within(values, peaceful.output[key])


def _assert_within(values: Sequence[object], all_values: Sequence[object]) -> None:
    """Check that values come in the order of all values."""
    rest = iter(all_values)
    assert all(value in rest for value in values), f"{values} are not in this order in {all_values}"


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.slow) for seed in range(_SEEDS)]
)
def test_faults_change_nothing(name: str, seed: int, tmp_path: Path) -> None:
    _check(name, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_many_faults_change_nothing(
    name: str, seeds: Callable[[int], Iterator[int]], tmp_path: Path
) -> None:
    for seed in seeds(_MANY_SEEDS):
        _check(name, seed, tmp_path / str(seed))
