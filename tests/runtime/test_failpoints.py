"""A crash at every step of a commit, and of a restore, changes nothing that is committed."""

from pathlib import Path

import pytest

from streamsql.broker.simulated.faults import Killed
from streamsql.runtime.failpoints import STEPS, react
from tests.runtime.scenarios import SCENARIOS
from tests.runtime.simulation import Outcome, Setting, Simulation

COMMIT_STEPS = tuple(step for step in STEPS if step != "restore-written")
CASES = [
    (where, step, number)
    for step in COMMIT_STEPS
    for where, number in (
        ("memory", 1),
        ("memory", 3),
        ("rocksdb", 3),
        ("broker", 1),
        ("broker", 3),
    )
]


class _Crashes:
    """Dies at the n-th arrival at each of some steps, one after the other."""

    def __init__(self, *crashes: tuple[str, int]) -> None:
        self._left = list(crashes)

    def __call__(self, reached: str) -> None:
        if not self._left or self._left[0][0] != reached:
            return
        step, number = self._left[0]
        if number > 1:
            self._left[0] = (step, number - 1)
        else:
            del self._left[0]
            raise Killed(f"at {step}")

    @property
    def all_happened(self) -> bool:
        return not self._left


def _run(name: str, setting: Setting, *crashes: tuple[str, int]) -> Outcome:
    simulation = Simulation(SCENARIOS[name], setting, seed=7)
    reaction = _Crashes(*crashes)
    react(reaction)
    outcome = simulation.run()
    assert reaction.all_happened
    return outcome


def _assert_same(name: str, setting: Setting, outcome: Outcome) -> None:
    peaceful = _run(name, setting)
    assert outcome.state == peaceful.state
    if setting.cache_bytes:
        assert outcome.last() == peaceful.last()
    else:
        assert outcome.output == peaceful.output


@pytest.mark.parametrize(
    "name",
    [
        "count",
        pytest.param("tumbling", marks=pytest.mark.slow),
        pytest.param("repartition", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(("where", "step", "number"), CASES)
def test_crash_in_a_commit(where: str, step: str, number: int, name: str, tmp_path: Path) -> None:
    setting = Setting(
        faults=False,
        keeps_state=where == "broker",
        state=tmp_path / "state" if where == "rocksdb" else None,
        cache_bytes=1000 if name == "count" else 0,
        partitions=3 if name == "repartition" else 1,
        records=60,
    )
    outcome = _run(name, setting, (step, number))
    again = Setting(faults=False, keeps_state=True, partitions=setting.partitions, records=60)
    if setting.cache_bytes:
        peaceful = _run(name, again)
        assert (outcome.state, outcome.last()) == (peaceful.state, peaceful.last())
    else:
        _assert_same(name, again, outcome)


@pytest.mark.parametrize("crashes", [1, 2])
def test_crash_in_a_restore(crashes: int) -> None:
    setting = Setting(faults=False, partitions=3, workers=1)
    outcome = _run("count", setting, ("begin", 4), *[("restore-written", 2)] * crashes)
    _assert_same("count", setting, outcome)


def test_state_survives_a_crash_and_only_the_tail_is_replayed(tmp_path: Path) -> None:
    """A restart with its state directory restores what the last commit had no time to write."""
    setting = Setting(faults=False, state=tmp_path, records=100)
    simulation = Simulation(SCENARIOS["count"], setting, seed=7)
    restored: list[int] = []
    start = simulation._start

    def noting_start(host: object) -> None:
        start(host)  # type: ignore[arg-type]
        worker = host.worker  # type: ignore[attr-defined]
        restored.append(0)

        def note() -> None:
            restored[-1] = worker.metrics.restored

        step = worker.step

        def noting_step(timeout_ms: int) -> int:
            done: int = step(timeout_ms)
            note()
            return done

        worker.step = noting_step

    simulation._start = noting_start  # type: ignore[method-assign]
    react(_Crashes(("broker-committed", 10)))
    simulation.run()
    # First life: nothing. Second: one commit's changes. At the end: nothing, then everything.
    first, second, *_ = restored
    assert first == 0
    assert 1 <= second <= 6
